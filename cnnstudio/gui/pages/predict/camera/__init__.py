"""The camera on the Predict page."""
