"""Python source followed by its syntax, as far as it can be known without running it: what the readers of Keras and of
PyTorch share."""
