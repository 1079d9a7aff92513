"""Readers of eval sets as runners keep them: one object of a file in, rows under plain names out, nothing measured."""
