"""Explanations of answers in the window: the widgets that Evaluate and Predict share."""
