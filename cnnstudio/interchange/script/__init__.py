"""Whole training scripts as projects: what of their data loading, preprocessing, augmentation and training is taken over, and
what is not, each with its line. Nothing of a script is run."""
