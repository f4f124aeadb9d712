"""Advice about a run, from evidence alone."""
