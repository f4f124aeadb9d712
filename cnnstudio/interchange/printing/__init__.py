"""Projects as source code."""
