"""The activation bench on the Learn page."""

from cnnstudio.gui.pages.learn.benches.activation.view import ActivationView

__all__ = ["ActivationView"]
