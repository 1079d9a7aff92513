"""The embedded generator `builtin/grammar`: templates and lexicons of the user's own, real users' phrases, style."""
