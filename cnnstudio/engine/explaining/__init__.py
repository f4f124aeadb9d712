"""Explanations of answers: which parts of a picture, and which features, a network decided by."""
