"""The classes of a trained run: other names for them, and one more."""
