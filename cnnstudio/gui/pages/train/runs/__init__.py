"""The runs of a project: their table, and what is done with them."""
