"""How jurors are asked: one decorated function a question."""
