"""How one slot becomes one candidate."""
