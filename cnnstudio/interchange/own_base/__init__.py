"""A user's model as a custom base."""
