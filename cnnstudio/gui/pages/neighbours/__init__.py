"""The nearest training pictures of a picture."""
