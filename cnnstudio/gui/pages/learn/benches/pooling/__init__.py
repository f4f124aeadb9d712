"""The pooling bench on the Learn page."""

from cnnstudio.gui.pages.learn.benches.pooling.view import PoolingView

__all__ = ["PoolingView"]
