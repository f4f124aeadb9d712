"""What the Prepare page computes in threads: one picture after each stage, and what training will see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.jobs import JobList, Report, Work

if TYPE_CHECKING:
    import numpy as np

BINS: Final = 64
GRID: Final = 16
_SHOWN: Final = 512
"""The longest side of a picture on the page, in pixels."""
_KEPT_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class StageLook:
    """A picture after a stage, as it is shown. `height`, `width` and `channels` are those before it was shrunk.

    `histogram` has a row a channel (without transparency) of shares, 0 to 1 of the tallest bin.
    """

    id: str
    type: str
    image: QImage
    height: int
    width: int
    channels: int
    histogram: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class StagesAsked:
    """One file and the recipe in its plain form."""

    path: Path
    recipe: dict[str, Any]


@dataclass(frozen=True)
class GridAsked:
    """Sixteen files (the same one sixteen times is fine), recipe and augmentation in their plain forms."""

    paths: tuple[Path, ...]
    recipe: dict[str, Any]
    steps: list[dict[str, Any]]
    seed: int
    epoch: int


@dataclass(frozen=True)
class Trouble:
    """Why there is nothing to show."""

    text: str


class Latest(QObject):
    """Runs one function in a thread; of what is asked meanwhile only the newest request is done."""

    answered = Signal(object, object)
    """The request and what the function answered, or a Trouble."""

    def __init__(self, jobs: JobList, kind: str, function: Callable[[Any, Report], Any], parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._kind, self._function = jobs, kind, function
        self._job: Work | None = None
        self._doing: Any = None
        self._waiting: Any = None

    def ask(self, request: Any) -> None:
        """Do this next, and forget what waits."""
        if self._job is None:
            self._start(request)
        else:
            self._waiting = request
            self._job.cancel()

    def close(self) -> None:
        """End the thread; nothing is answered any more."""
        self._waiting = None
        if self._job is not None:
            self._job.ended.disconnect(self._over)
            self._job.cancel()
            self._job.join()
            self._job = None

    def _start(self, request: Any) -> None:
        self._doing = request
        self._job = self._jobs.run(lambda report: self._function(request, report),
                                   Text("Preview", "Vista previa"), self._kind, quiet=True)
        self._job.ended.connect(self._over)

    def _over(self, last: Any) -> None:
        job, request = self._job, self._doing
        waiting, self._job, self._waiting = self._waiting, None, None
        if waiting is not None:
            self._start(waiting)
        if job is None:
            return
        if job.result is not None:
            self.answered.emit(request, job.result)
        elif (problem := getattr(last, "problem", None)) is not None:
            self.answered.emit(request, Trouble(str(problem.text)))


def look_at_stages(asked: StagesAsked, report: Report) -> list[StageLook] | Trouble:
    """The file after every stage of the recipe."""
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.prepare import stages
    from cnnstudio.imaging.problems import picture_problem

    try:
        found = stages(asked.path, asked.recipe)
        report.check()
        return [_look(each.id, each.type, each.picture) for each in found]
    except PictureError as trouble:
        return Trouble(str(picture_problem(trouble, asked.path).text))
    except OSError as trouble:
        return Trouble(tr("{name} cannot be read: {reason}", "No se puede leer {name}: {reason}",
                          name=asked.path.name, reason=trouble.strerror or str(trouble)))
    except ValueError:
        return _refused()


def _refused() -> Trouble:
    return Trouble(tr("This recipe cannot be carried out. See the marked card.",
                      "Esta receta no se puede llevar a cabo. Vea la tarjeta señalada."))


def _look(identifier: str, type_name: str, picture: np.ndarray) -> StageLook:
    from cnnstudio.gui.widgets.picture import image_of

    height, width, channels = picture.shape
    return StageLook(identifier, type_name, image_of(_shrunk(picture, _SHOWN)), height, width, channels,
                     histogram(picture))


def _shrunk(picture: np.ndarray, most: int) -> np.ndarray:
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

    shown = picture[:: max(1, picture.shape[0] // 512), :: max(1, picture.shape[1] // 512), :3]
    counts = [np.bincount(shown[:, :, channel].ravel() >> 2, minlength=BINS) for channel in range(shown.shape[2])]
    tallest = max(int(each.max()) for each in counts) or 1
    return tuple(tuple((each / tallest).tolist()) for each in counts)


class GridMaker:
    """Prepares sixteen pictures and augments them; what was prepared is kept while only the chance changes."""

    def __init__(self) -> None:
        self._key: object = None
        self._kept: list[np.ndarray | None] = []

    def make(self, asked: GridAsked, report: Report) -> list[QImage | None] | Trouble:
        """One image a file, None where it cannot be read."""
        import numpy as np

        from cnnstudio.gui.widgets.picture import image_of
        from cnnstudio.imaging.augment import Augmenter

        recipe = asked.recipe
        try:
            prepared = self._prepared(asked, report)
            sizes = [each.shape for each in prepared if each is not None]
            if not sizes:
                return [None] * len(prepared)
            height, width, channels = sizes[0]
            augmenter = Augmenter(asked.steps, height, width, channels, workers=1)
            chance = augmenter.draw(asked.seed, asked.epoch, np.arange(len(prepared)))
            images: list[QImage | None] = []
            for number, picture in enumerate(prepared):
                report.check()
                if picture is None:
                    images.append(None)
                    continue
                one = type(chance)(chance.matrices[number:number + 1], chance.moved[number:number + 1],
                                   tuple((name, values[number:number + 1]) for name, values in chance.photometric))
                images.append(image_of(_shrunk(augmenter(picture[None], one)[0], _SHOWN // 2)))
            return images
        except (ValueError, KeyError):
            return _refused()
        finally:
            if int(recipe["height"]) * int(recipe["width"]) * 4 * GRID > _KEPT_BYTES:
                self._key, self._kept = None, []

    def _prepared(self, asked: GridAsked, report: Report) -> list[np.ndarray | None]:
        from cnnstudio.imaging.errors import PictureError
        from cnnstudio.imaging.prepare import prepare_file

        key = (asked.paths, repr(asked.recipe))
        if key == self._key:
            return self._kept
        known: dict[Path, np.ndarray | None] = {}
        for path in asked.paths:
            report.check()
            if path not in known:
                try:
                    known[path] = prepare_file(path, asked.recipe)
                except (PictureError, OSError):
                    known[path] = None
        self._key, self._kept = key, [known[path] for path in asked.paths]
        return self._kept
