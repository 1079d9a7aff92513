"""Runners that a lock can be written for: one function a file, from a lock and facts of its spec to named texts."""
