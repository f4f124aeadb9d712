"""The job behind the HTTP service, with the command and the events that only it knows: pictures come as bytes, several of
different requests at once."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.commands import Request
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec, Prediction


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: the content of its file, the name under which it came, and how many classes are answered (0: all)."""

    name: str
    data: bytes
    top: int = 5


class ClassifyUploads(Request, frozen=True, kw_only=True):
    """Classify these pictures as one batch."""

    uploads: tuple[Upload, ...]


class UploadsClassified(Event, frozen=True, kw_only=True):
    """The answers of a batch, in the order of its pictures."""

    request: int
    predictions: tuple[Prediction, ...]


class ServedModel(Event, frozen=True, kw_only=True):
    """The model is loaded and takes batches of at most `batch` pictures.

    `height`, `width` and `color_mode` are what its recipe turns a picture into. `digest` is the SHA-256 of its file, in
    hexadecimal digits. `engine` is the name of `Ready.engine`.
    """

    engine: str
    device: str
    batch: int
    class_names: tuple[str, ...]
    height: int
    width: int
    color_mode: str
    digest: str
    rejection: Rejection | None = None


class ServeUploads(JobSpec, frozen=True, kw_only=True):
    """Load a run folder, an exported bundle folder or a model file and answer ClassifyUploads commands. A picture of more
    than `max_pixels` is refused before it is decoded."""

    function: ClassVar[str] = "upload_server:serve_uploads"

    model: str
    max_pixels: int
