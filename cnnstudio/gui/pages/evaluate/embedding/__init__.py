"""The map of the pictures of an evaluation by the features of its model, and the neighbourhood of each picture."""
