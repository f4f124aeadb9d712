"""The image processing bench on the Learn page."""

from cnnstudio.gui.pages.learn.benches.image_processing.view import ImageProcessingView

__all__ = ["ImageProcessingView"]
