"""The Train job: stages of Keras's `fit`, with pause, stop, checkpoints and events."""

from cnnstudio.engine.training.job import train

__all__ = ["train"]
