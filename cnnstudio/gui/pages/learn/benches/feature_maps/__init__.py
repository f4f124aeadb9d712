"""The widget of the bench `feature_maps`."""
