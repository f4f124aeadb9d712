"""Assignments in the window: made, opened, handed in and graded."""
