"""The widget of the bench `optimisation`."""
