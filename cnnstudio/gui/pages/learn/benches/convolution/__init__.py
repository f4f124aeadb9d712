"""The convolution bench on the Learn page."""

from cnnstudio.gui.pages.learn.benches.convolution.view import ConvolutionView

__all__ = ["ConvolutionView"]
