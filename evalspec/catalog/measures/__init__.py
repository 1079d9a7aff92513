"""Measures: one decorated function each, from a scope to one or several measurements."""
