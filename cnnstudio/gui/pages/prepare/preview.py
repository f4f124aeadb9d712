"""Computations of the Prepare page for threads: a picture after each stage, and the input of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QImage

from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure

if TYPE_CHECKING:
    import numpy as np

BINS: Final = 64
GRID: Final = 16
_MOST_PIXELS: Final = 512
"""The longest side of a picture on the page, in pixels."""
_KEPT_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class StageLook:
    """A picture after a stage, ready to paint.

    `height`, `width` and `channels` are those before it was shrunk. `histogram` has a row per channel (without
    transparency) of shares, 0 to 1 of the tallest bin.
    """

    id: str
    type: str
    image: QImage
    height: int
    width: int
    channels: int
    histogram: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class StageRow:
    """One stage of several pictures, in the order of the request; None where a file cannot be read."""

    id: str
    type: str
    looks: tuple[StageLook | None, ...]


@dataclass(frozen=True)
class StagesRequest:
    """Files and the recipe as plain values; `captions` label the files, for instance with their classes."""

    paths: tuple[Path, ...]
    recipe: dict[str, Any]
    captions: tuple[str, ...] = ()


@dataclass(frozen=True)
class GridRequest:
    """Sixteen pictures of the training input: the first ones of the first batch of `epoch`, or the one at `position` of
    the training split in sixteen epochs from that one on. `files(positions)` are the files at these positions."""

    files: Callable[[list[int]], list[Path]]
    pictures: int
    recipe: dict[str, Any]
    steps: list[dict[str, Any]]
    seed: int
    epoch: int
    batch_size: int = 32
    position: int | None = None


@dataclass(frozen=True)
class GridCell:
    """A picture of the grid. `shares` are the positions of its parts where it is mixed, else empty."""

    image: QImage | None
    position: int
    shares: dict[int, float]


def make_stage_rows(request: StagesRequest, report: Report) -> list[StageRow] | Failure:
    """The files after every stage of the recipe. The failure of a single file is returned, of several files skipped."""
    from cnnstudio.catalog.pixels import stages
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.problems import picture_problem

    columns: list[list[StageLook] | None] = []
    failure = None
    for path in request.paths:
        report.check()
        try:
            columns.append([_make_look(stage.id, stage.type, stage.picture) for stage in stages(path, request.recipe)])
        except PictureError as reason:
            failure = Failure(str(picture_problem(reason, path).text))
            columns.append(None)
        except OSError as reason:
            failure = Failure(tr("{name} cannot be read: {reason}", "No se puede leer {name}: {reason}",
                                 name=path.name, reason=reason_of(reason)))
            columns.append(None)
        except ValueError:
            return _recipe_failure()
    complete = next((column for column in columns if column is not None), None)
    if complete is None:
        return failure or _recipe_failure()
    return [StageRow(first.id, first.type, tuple(None if column is None else column[number] for column in columns))
            for number, first in enumerate(complete)]


def _recipe_failure() -> Failure:
    return Failure(tr("This recipe cannot be applied. See the marked card.",
                      "Esta receta no se puede aplicar. Vea la tarjeta señalada."))


def _make_look(identifier: str, type_name: str, picture: np.ndarray) -> StageLook:
    from cnnstudio.gui.widgets.picture import image_of

    height, width, channels = picture.shape
    return StageLook(identifier, type_name, image_of(shrink(picture, _MOST_PIXELS)), height, width, channels,
                     histogram(picture))


def shrink(picture: np.ndarray, most: int) -> np.ndarray:
    """The picture with its longer side reduced to at most so many pixels."""
    import cv2

    height, width = picture.shape[:2]
    factor = most / max(height, width)
    if factor >= 1:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def histogram(picture: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """A row of `BINS` shares (0 to 1 of the tallest) for each channel of uint8 (height, width, channels)."""
    import numpy as np

    sampled = picture[:: max(1, picture.shape[0] // 512), :: max(1, picture.shape[1] // 512), :3]
    counts = [np.bincount(sampled[:, :, channel].ravel() >> 2, minlength=BINS) for channel in range(sampled.shape[2])]
    tallest = max(int(count.max()) for count in counts) or 1
    return tuple(tuple((count / tallest).tolist()) for count in counts)


class PreparedPictures:
    """Files after the recipe; they are kept within a limit, until another recipe is asked for."""

    def __init__(self) -> None:
        self._recipe = ""
        self._cache: dict[Path, np.ndarray | None] = {}

    def get(self, path: Path, recipe: dict[str, Any]) -> np.ndarray | None:
        """The prepared picture; None where the file cannot be read."""
        from cnnstudio.catalog.pixels import prepare_file
        from cnnstudio.imaging.errors import PictureError

        room = _KEPT_BYTES // max(1, int(recipe["height"]) * int(recipe["width"]) * 4)
        if repr(recipe) != self._recipe or len(self._cache) > room:
            self._recipe, self._cache = repr(recipe), {}
        if path not in self._cache:
            try:
                self._cache[path] = prepare_file(path, recipe)
            except (PictureError, OSError):
                self._cache[path] = None
        return self._cache[path]


class GridMaker:
    """Prepares and augments pictures as training does."""

    def __init__(self) -> None:
        self._prepared = PreparedPictures()

    def make(self, request: GridRequest, report: Report) -> list[GridCell] | Failure:
        """Make sixteen cells, or fewer where there are fewer pictures; without an image where a file cannot be read."""
        from cnnstudio.catalog.augmenting import KINDS
        from cnnstudio.gui.widgets.picture import image_of
        from cnnstudio.imaging.preview import Training, first_positions, training_previews

        training = Training(request.pictures, request.batch_size, request.seed, request.steps, KINDS)
        if request.position is None:
            cells = first_positions(training, request.epoch, GRID)
        else:
            cells = [(request.epoch + number, request.position) for number in range(GRID)]
        files: dict[int, Path] = {}
        positions = list(dict.fromkeys(position for _, position in cells))
        files.update(zip(positions, request.files(positions), strict=True))

        def load(position: int) -> np.ndarray | None:
            report.check()
            if position not in files:
                files[position] = request.files([position])[0]
            return self._prepared.get(files[position], request.recipe)

        try:
            seen = training_previews(cells, training, load)
        except (ValueError, KeyError):
            return _recipe_failure()
        return [GridCell(None if item.picture is None else image_of(shrink(item.picture, _MOST_PIXELS // 2)), position,
                         item.shares if len(item.shares) > 1 else {})
                for item, (_, position) in zip(seen, cells, strict=True)]
