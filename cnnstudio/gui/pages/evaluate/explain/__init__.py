"""The view that explains several pictures of an evaluation at once."""
