"""The jobs of the Learn page that need Keras or TensorFlow: a slice through a loss, small trainings side by side, and a
pipeline of tf.data.

They are jobs as those of `core.jobs`, with the events that only they send.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec


class LossSliced(Event, frozen=True, kw_only=True):
    """The loss of a trained network at the points of a square around its weights: `losses[i][j]` at (x_i, y_j), both from
    -span to span. `weights` are the trained values, `pictures` those of `split` that it was measured on."""

    losses: tuple[tuple[float, ...], ...]
    span: float
    pictures: int
    split: str
    run: str = ""
    weights: int = 0


class SliceLoss(JobSpec, frozen=True, kw_only=True):
    """Measure the loss of a run's model in the plane of two random directions, each filter of which is as long as the
    trained one (Li et al., 2018): at `points` by `points` points, on `most` pictures of its training."""

    function: ClassVar[str] = "learning.loss_slice:slice_loss"

    run_folder: str
    points: int = 21
    span: float = 1.0
    most: int = 256
    seed: int = 1


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What one of several networks has against overfitting, and its batch size. 0: nothing of it."""

    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    batch_normalization: bool = False
    augmentation: bool = False
    batch_size: int = 32


class RemedyEpoch(Event, frozen=True, kw_only=True):
    """After an epoch (from 1) of the network of number `place`: loss and accuracy on all training and all validation pictures,
    both without dropout and augmentation, so that they can be compared."""

    place: int
    epoch: int
    epochs: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class CompareRemedies(JobSpec, frozen=True, kw_only=True):
    """Train a small network for each remedy, an epoch of each in turn, on the pictures of `data`: an .npz file with `x`, `y`,
    `val_x` and `val_y`, uint8 pictures and class numbers."""

    function: ClassVar[str] = "learning.remedies:compare_remedies"

    data: str
    remedies: tuple[Remedy, ...]
    epochs: int = 25
    learning_rate: float = 0.001
    seed: int = 1


class PipelineRan(Event, frozen=True, kw_only=True):
    """What the program of a pipeline printed, line by line, and the error that ended it."""

    lines: tuple[str, ...]
    error: str = ""


class RunPipeline(JobSpec, frozen=True, kw_only=True):
    """Let TensorFlow run the pipeline of these cards, as plain values."""

    function: ClassVar[str] = "learning.pipeline:run_pipeline"
    needs_keras: ClassVar[bool] = False

    cards: tuple[dict[str, Any], ...]
