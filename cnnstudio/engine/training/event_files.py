"""Event files of a run, which TensorBoard shows: written by tensorboardX, on every backend and without TensorFlow.

Folders and names are those of keras.callbacks.TensorBoard: `train` and `validation`, `epoch_<metric>` by the epoch and
`batch_<metric>` by the number of batches.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.environment import numpy_of

_BATCH: Final = "batch_"
_EPOCH: Final = "epoch_"
_BINS: Final = 30


class EventFile:
    """The events of one folder. Opened at (epoch, batch), it holds those that earlier files have from before, and these
    files are removed: after a break every step is there once."""

    def __init__(self, folder: Path, epoch: int, batch: int) -> None:
        from tensorboardX.proto import event_pb2
        from tensorboardX.record_writer import RecordWriter

        self._event = event_pb2.Event
        folder.mkdir(parents=True, exist_ok=True)
        earlier = sorted(folder.glob("events.out.tfevents.*"))
        kept = [event for path in earlier for event in read_events(path) if _is_before(event, epoch, batch)]
        self.path = folder / f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}"
        self._writer = RecordWriter(str(self.path))
        self._write(self._event(wall_time=time.time(), file_version="brain.Event:2"))
        for event in kept:
            self._write(event)
        self.flush()
        for path in earlier:
            path.unlink(missing_ok=True)

    def add(self, summary: Any, step: int) -> None:
        """Add what `tensorboardX.summary` made."""
        self._write(self._event(wall_time=time.time(), step=step, summary=summary))

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString())


def read_events(path: Path) -> Iterator[Any]:
    """The events of a file, up to one that a crash cut off."""
    from google.protobuf.message import DecodeError
    from tensorboardX.proto import event_pb2

    data = path.read_bytes()
    place = 0
    while place + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        if place + 16 + length > len(data):
            return
        try:
            event = event_pb2.Event.FromString(data[place + 12:place + 12 + length])
        except DecodeError:
            return
        yield event
        place += 16 + length


def _is_before(event: Any, epoch: int, batch: int) -> bool:
    values = event.summary.value
    return bool(values) and event.step < (batch if values[0].tag.startswith(_BATCH) else epoch)


class EventFolder:
    """The two files of a callback, opened with the first event."""

    def __init__(self, folder: Path, before: Callable[[], int]) -> None:
        self._folder = folder
        self.before = before
        self._files: dict[str, EventFile] = {}

    def files(self, epoch: int, batch: int) -> Mapping[str, EventFile]:
        """The files of "train" and "validation"; a first call opens them at this epoch and batch. Raises ProblemError."""
        if not self._files:
            with _reported(self._folder):
                self._files = {part: EventFile(self._folder / part, epoch, batch) for part in ("train", "validation")}
        return self._files

    def flush(self) -> None:
        with _reported(self._folder):
            for file in self._files.values():
                file.flush()

    def close(self) -> None:
        with _reported(self._folder):
            for file in self._files.values():
                file.close()
        self._files = {}


@contextmanager
def _reported(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, folder)) from os_error


class EpochEvents(keras.callbacks.Callback):  # type: ignore[misc]
    """The metrics and the learning rate of every epoch; every `histogram_freq` epochs the weights (0: never)."""

    def __init__(self, events: EventFolder, histogram_freq: int) -> None:
        super().__init__()
        self._events, self._histogram_freq = events, histogram_freq

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        from tensorboardX.summary import histogram, scalar

        step = self._events.before() + epoch
        # Of the batches of this epoch, all that were told stay.
        files = self._events.files(step, (step + 1) * self.params["steps"])
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            files[part].add(scalar(_EPOCH + name.removeprefix("val_"), value), step)
        if self._histogram_freq and (epoch + 1) % self._histogram_freq == 0:
            for weight in self.model.weights:
                values = np.asarray(numpy_of(weight))
                if np.isfinite(values).all():
                    files["train"].add(histogram(weight.path, values, _BINS), step)
        self._events.flush()

    def on_train_end(self, logs: Any = None) -> None:
        self._events.close()


class BatchEvents(EpochEvents):
    """Those of epochs, and every `every` batches the running means and the learning rate."""

    def __init__(self, events: EventFolder, histogram_freq: int, every: int) -> None:
        super().__init__(events, histogram_freq)
        self._every = every
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        from tensorboardX.summary import scalar

        epoch = self._events.before() + self._epoch
        step = epoch * self.params["steps"] + batch
        file = self._events.files(epoch, step)["train"]
        if (batch + 1) % self._every:
            return
        for name, value in {**(logs or {}), "learning_rate": self.model.optimizer.learning_rate}.items():
            file.add(scalar(_BATCH + name, float(np.asarray(numpy_of(value)))), step)
