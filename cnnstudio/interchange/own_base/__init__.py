"""A model of the user's own as a pretrained base."""
