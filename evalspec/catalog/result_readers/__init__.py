"""Readers of the result files that runners write: one file each, text in, rows out, nothing decided."""
