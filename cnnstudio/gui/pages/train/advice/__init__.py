"""Advice about a run."""
