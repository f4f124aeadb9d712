"""Model files of Keras (`.keras`, `.h5`, JSON), read as data."""
