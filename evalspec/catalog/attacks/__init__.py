"""Red-team classes: a real request with an attack in it, and its harmless twin."""
