"""What callbacks write into the folder of a run: whole models, the table of the epochs, and event files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Artifact
from cnnstudio.engine.training.event_files import BatchEvents, EpochEvents, EventFolder
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.kept_checkpoints import kept_path


class RunFiles:
    """Files of one stage of a run.

    `write_model(path)` writes the whole network as it is now. The stage's trainer sets `epoch()`, the number of the epoch
    that ends now, from 1 over all stages; `before`, how many of them earlier stages had; and `rows()`, the metrics of all
    epochs before it.
    """

    def __init__(self, run: RunFolder, link: Link, write_model: Callable[[Path], None]) -> None:
        self._run = run
        self._link = link
        self._write_model = write_model
        self.before = 0
        self.epoch: Callable[[], int] = lambda: 1
        self.rows: Callable[[], Sequence[Mapping[str, float]]] = tuple

    def _rows(self) -> Sequence[Mapping[str, float]]:
        return self.rows()

    def keep_model(self, callback: str, all_files: bool) -> None:
        """Write the model of this epoch; without `all_files` it replaces those of the same callback."""
        path = kept_path(self._run, callback, self.epoch())
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write_model(path)
        if not all_files:
            for other in path.parent.glob(f"{callback}-epoch-*.keras"):
                if other != path:
                    other.unlink(missing_ok=True)
        self._link.emit(Artifact(kind="kept_model", path=str(path)))

    def table(self, callback: str, separator: str) -> Any:
        """A callback that writes the table of the epochs."""
        return _Table(self._run.folder / f"{callback}.csv", separator, self._rows)

    def events(self, callback: str, values: Mapping[str, Any]) -> Any:
        """A callback that writes event files for TensorBoard."""
        events = EventFolder(self._run.folder / "tensorboard" / callback, lambda: self.before)
        every = values["update_freq"]
        if every:
            return BatchEvents(events, values["histogram_freq"], every)
        return EpochEvents(events, values["histogram_freq"])


class WholeModel:
    """The model that a ModelCheckpoint saves: the whole network, also where only the layers behind a base are trained.

    Everything but `save` is that of the model in training.
    """

    def __init__(self, trained: Any, files: RunFiles, callback: str, epochs: int, all_files: bool) -> None:
        self._trained, self._files, self._callback = trained, files, callback
        self._epochs, self._all_files = epochs, all_files

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trained, name)

    def save(self, _filepath: str, overwrite: bool = True) -> None:
        if (self._files.epoch() - self._files.before) % self._epochs == 0:
            self._files.keep_model(self._callback, self._all_files)


class _Table(keras.callbacks.Callback):  # type: ignore[misc]
    """The file that keras.callbacks.CSVLogger writes, with all epochs of the run: written anew after each of them, so that
    after a break none is missing or there twice."""

    def __init__(self, path: Path, separator: str, rows: Callable[[], Sequence[Mapping[str, float]]]) -> None:
        super().__init__()
        self._path, self._separator, self._rows = path, separator, rows

    def on_epoch_end(self, _epoch: int, logs: Mapping[str, float] | None = None) -> None:
        rows = [*self._rows(), logs or {}]
        names = sorted({name for row in rows for name in row})
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["epoch", *names], restval="NA", delimiter=self._separator, lineterminator="\n")
        writer.writeheader()
        writer.writerows({"epoch": number, **row} for number, row in enumerate(rows))
        write_atomically(self._path, text.getvalue().encode())
