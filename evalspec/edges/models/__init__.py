"""Everything that touches a model: endpoints and keys, the two transports, the journal, and the loop that asks."""
