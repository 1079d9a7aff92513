"""The parts of `resolve`: one file for each block of the language."""
