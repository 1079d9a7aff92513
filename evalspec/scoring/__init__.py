"""The way back: results of a model on the lock to tallies, comparisons, and a verdict that follows the real cases."""
