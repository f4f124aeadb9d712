"""The widget of the bench `tensors`."""
