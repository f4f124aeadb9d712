"""What the answers of a model are worth: figures, curves, calibration, and when a model is not sure."""
