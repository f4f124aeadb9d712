"""What the network in training answers for a few pictures: validation pictures that stay the same, and files of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.commands import Observe
from cnnstudio.core.events import Observed, ObservedPicture
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.project import Project
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.engine.devices import answers
from cnnstudio.engine.model_card import probabilities
from cnnstudio.engine.training.pictures import Pictures
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.workers.link import Link


class Observer:
    """Answers for the observed pictures by the whole `model`, whose weights are those of the moment."""

    def __init__(self, link: Link, model: Any, project: Project, pictures: Pictures) -> None:
        self._link = link
        self._model = model
        self._project = project
        self._class_names = pictures.class_names
        self._pictures = pictures
        self._known: list[ObservedPicture] = []
        """The observed pictures without their answers."""
        self._pixels: list[np.ndarray] = []
        """Those of the pictures without a problem, uint8 (height, width, channels)."""

    @property
    def active(self) -> bool:
        """Whether any picture is observed."""
        return bool(self._known)

    def choose(self, wish: Observe) -> None:
        """Observe these pictures from now on."""
        self._known, self._pixels = [], []
        places = chosen_places(self._pictures, wish.count, self._project.training.seed)
        for place, pixels in zip(places, self._pictures.prepared.take(places), strict=True):
            self._known.append(ObservedPicture(path=str(self._pictures.paths[place]),
                                               label=self._class_names[self._pictures.labels[place]]))
            self._pixels.append(pixels)
        for path in wish.paths:
            read = self._read(path)
            if isinstance(read, Problem):
                self._known.append(ObservedPicture(path=path, problem=read))
            else:
                self._known.append(ObservedPicture(path=path))
                self._pixels.append(read)

    def tell(self, epoch: int, batch: int) -> None:
        """Send an Observed event with the answers of this moment."""
        answers = iter(self._answers())
        self._link.emit(Observed(epoch=epoch, batch=batch, pictures=tuple(
            picture if picture.problem is not None else self._answered(picture, next(answers)) for picture in self._known)))

    def _answers(self) -> np.ndarray:
        """(n, classes) probabilities."""
        if not self._pixels:
            return np.empty((0, 1))
        outputs = np.asarray(answers(self._model, np.stack(self._pixels).astype(np.float32)), np.float32)
        return np.asarray(probabilities(outputs, self._project.dataset.label_mode))

    def _answered(self, picture: ObservedPicture, shares: np.ndarray) -> ObservedPicture:
        number = int(shares.argmax())
        own = float(shares[self._class_names.index(picture.label)]) if picture.label else None
        return ObservedPicture(path=picture.path, label=picture.label, answer=self._class_names[number],
                               confidence=float(shares[number]), probability=own)

    def _read(self, path: str) -> np.ndarray | Problem:
        try:
            return np.asarray(prepare(read_regular(Path(path)), self._project.recipe.as_dictionary()))
        except PictureError as picture_error:
            return picture_problem(picture_error, path)
        except OSError as os_error:
            text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
            return error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)


def chosen_places(pictures: Pictures, count: int, seed: int) -> np.ndarray:
    """`count` validation pictures, else training pictures, drawn by the seed and as evenly from the classes as may be:
    their positions among the pictures, class by class."""
    among = pictures.validation if len(pictures.validation) else pictures.train
    drawn = np.random.default_rng(seed).permutation(among)
    labels = pictures.labels[drawn]
    # The first of every class, then the second of every class...
    turn = np.zeros(len(drawn), int)
    for label in np.unique(labels):
        of_class = labels == label
        turn[of_class] = np.arange(of_class.sum())
    chosen = drawn[np.argsort(turn, kind="stable")[:count]]
    return chosen[np.argsort(pictures.labels[chosen], kind="stable")]
