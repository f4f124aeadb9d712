"""Networks and scripts that others made: read as data, never run, and written."""
