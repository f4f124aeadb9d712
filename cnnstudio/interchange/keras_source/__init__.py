"""Networks out of Keras source, read as text, by its syntax alone. Nothing of it is run or imported."""
