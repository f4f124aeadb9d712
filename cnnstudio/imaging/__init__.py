"""Pixels: decoding, preparation, augmentation, thumbnails, measures (NumPy, OpenCV and Pillow)."""
