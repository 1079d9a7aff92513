"""The parts of `expand`, one technique a file."""
