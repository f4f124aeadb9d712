"""The widget of the bench `regularisation`."""
