"""Trials before a training: rates, a forecast, the largest batch."""
