"""What the layers of a trained network compute, shown for a picture."""
