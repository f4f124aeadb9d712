"""Presenting the window to a class: large text, a laser pointer, one thing at a time."""
