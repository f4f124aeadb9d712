"""The jobs of the Learn page."""
