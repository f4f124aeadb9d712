"""The network as PyTorch source, by the PyTorch forms of the layers."""
