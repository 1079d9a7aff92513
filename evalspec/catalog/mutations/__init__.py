"""How people really write: one idea a file; what they share is in `slips`, `lexical` and `wording`."""
