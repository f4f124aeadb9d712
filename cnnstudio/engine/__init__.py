"""Everything that computes with Keras. Imported in child processes only."""
