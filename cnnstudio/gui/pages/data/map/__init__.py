"""The map: a collection laid out by similarity."""
