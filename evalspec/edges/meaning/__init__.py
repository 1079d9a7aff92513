"""The embedding model of the extra `semantic`: its weights, a forward pass over them, and a cache of what it gave."""
