"""Videos on the Predict page."""
