"""The widget of the bench `pipeline`."""
