"""The views of the trials of a search."""
