"""The pictures on which an export is compared with the trained model: the run's own, others, or generated ones."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from cnnstudio.core.jobs import Export
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import is_manifest, root_of
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.datasets.sources.locating import locate_rows
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.engine import models
from cnnstudio.engine.pixels import prepare_pictures
from cnnstudio.imaging.picture_files import list_pictures
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

PICTURES: Final = 64
"""The number of pictures on which an export is compared."""
_GENERATED: Final = 8


@contextlib.contextmanager
def check_pictures(run: RunFolder, card: models.Card, job: Export, link: Link) -> Iterator[tuple[list[Path], np.ndarray]]:
    """The files and their pixels; raises ProblemError where none can be read."""
    if job.unchecked:
        with tempfile.TemporaryDirectory(prefix="cnnstudio-check-") as folder:
            yield _prepared(_generated(Path(folder), card), card, Path(folder) / "cache", link)
        return
    paths = _other_pictures(Path(job.data)) if job.data else run_pictures(run)
    cache = Path(job.cache) if job.cache else cache_folder()
    files, pixels = _prepared(paths, card, cache, link)
    if not files:
        raise ProblemError(_nothing_problem(job, run))
    yield files, pixels


def run_pictures(run: RunFolder) -> list[Path]:
    """Pictures of the run's manifest, from all classes in turn, test split first."""
    manifest = read_located(run.manifest_path, run.project_folder)
    order = {"test": 0, "validation": 1, "train": 2}
    by_class: dict[int, list[Any]] = {}
    for entry in sorted(manifest.entries, key=lambda entry: order.get(entry.split, 3)):
        by_class.setdefault(entry.label, []).append(entry)
    turns = [entries[turn] for turn in range(PICTURES) for entries in by_class.values() if turn < len(entries)]
    return [manifest.path(entry) for entry in turns[:PICTURES]]


def _other_pictures(data: Path) -> list[Path]:
    """Pictures of a folder (with class folders or without) or a list, spread evenly over it."""
    if is_manifest(data):
        reading = read_rows(data)
        blocking = [problem for problem in reading.problems if problem.blocks]
        if blocking:
            raise ProblemError(*blocking)
        paths = [root_of(data) / picture.path for picture in locate_rows(data, reading).pictures]
    else:
        paths = [Path(path) for path in list_pictures([str(data)])[0]]
    return [paths[number] for number in np.linspace(0, len(paths) - 1, min(PICTURES, len(paths))).astype(int).tolist()]


def _generated(folder: Path, card: models.Card) -> list[Path]:
    """Pictures of noise, always the same."""
    noise = np.random.default_rng(0).integers(0, 256, (_GENERATED, card.recipe.height, card.recipe.width, 3), np.uint8)
    paths = [folder / f"{number}.png" for number in range(_GENERATED)]
    for path, picture in zip(paths, noise, strict=True):
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return paths


def _prepared(paths: list[Path], card: models.Card, cache: Path, link: Link) -> tuple[list[Path], np.ndarray]:
    """The usable files with their pixels."""
    prepared = prepare_pictures(paths, card.recipe, cache, check=link.check)
    good = prepared.good
    return [paths[index] for index in good.tolist()], prepared.take(good)


def _nothing_problem(job: Export, run: RunFolder) -> Problem:
    if job.data:
        text = Text("The export cannot be checked: there are no readable pictures in {path}.",
                    "La exportación no se puede comprobar: no hay imágenes legibles en {path}.")
        return error("no_pictures", text.fill(path=job.data), "dataset", path=job.data)
    text = Text("The export cannot be checked: none of the run's pictures can be read any more. Choose the folder where they "
                "are now, compare the export on other pictures, or export without a check.",
                "La exportación no se puede comprobar: ya no se puede leer ninguna imagen del entrenamiento. Elija la "
                "carpeta donde están ahora, compare la exportación con otras imágenes o exporte sin comprobar.")
    fix = Fix(action="choose_folder", label=Text("Choose folder…", "Elegir carpeta…"))
    return error("no_check_pictures", text, "dataset", path=run.manifest_path, fixes=(fix,))
