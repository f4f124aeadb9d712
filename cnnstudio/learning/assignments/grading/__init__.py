"""Grading: every capsule of a folder is opened safely, evaluated again, checked and compared with the others."""
