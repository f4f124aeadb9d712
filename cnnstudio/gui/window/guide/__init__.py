"""The guide in the window: its sections, the reference and the shortcuts, with a search over all of them."""
