"""Modules and networks of torchvision that code imports, written anew with its attribute names: they are followed as if they
stood in the file."""
