"""A network and its training as Keras source."""
