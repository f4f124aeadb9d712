"""The job that joins PyTorch code and a file of its weights to a model, with the event that only it sends."""

from __future__ import annotations

from typing import ClassVar, Final

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec

WEIGHTS_SUFFIXES: Final = (".pth", ".pt", ".safetensors")
"""Files that hold a state dictionary."""


class WeightsCarried(Event, frozen=True, kw_only=True):
    """The model is in the job's target. Of `layers` layers with weights, `carried` got those of the file; `missing` are the
    others, `unused` the names in the file that no layer took, each list of at most 50."""

    layers: int
    carried: int
    parameters: int
    missing: tuple[str, ...] = ()
    missing_count: int = 0
    unused: tuple[str, ...] = ()
    unused_count: int = 0


class ConvertTorch(JobSpec, frozen=True, kw_only=True):
    """Write the network of PyTorch source with the weights of a state dictionary (.pt, .pth, .safetensors) as a `.keras` file.
    Nothing of either is run or unpickled as code."""

    function: ClassVar[str] = "torch_weights:convert"

    source: str
    weights: str
    target: str


__all__ = ["WEIGHTS_SUFFIXES", "ConvertTorch", "WeightsCarried"]
