"""The widget of the bench `architecture`."""
