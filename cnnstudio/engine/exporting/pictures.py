"""The pictures on which an export is compared with the trained model: the run's own, others, or generated ones."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from cnnstudio.core.export_jobs import Export
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.renamed_classes import class_numbers
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import is_manifest, root_of
from cnnstudio.datasets.manifest import Entry
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.datasets.sources.locating import locate_rows
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.engine import model_card
from cnnstudio.engine.exporting.quantizing import CALIBRATION
from cnnstudio.engine.pixels import prepare_pictures
from cnnstudio.imaging.picture_files import list_pictures
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

PICTURES: Final = 256
"""The number of pictures on which an export is compared, where there are as many."""
_GENERATED: Final = 8


@dataclass(frozen=True)
class Listed:
    """A picture to compare on: its class (-1: unknown), and whether the training saw it."""

    path: Path
    label: int = -1
    trained: bool = False


@dataclass(frozen=True)
class CheckPictures:
    """`pixels` uint8 (n, height, width, channels) of the `files`, and their classes (n,), -1 where unknown. `judged` are those
    that the accuracy is of: with a class, and not of the training, unless there are no others (`held_out` False)."""

    files: list[Path]
    pixels: np.ndarray
    labels: np.ndarray
    judged: np.ndarray
    held_out: bool


@contextlib.contextmanager
def check_pictures(run: RunFolder, card: model_card.Card, job: Export, link: Link) -> Iterator[CheckPictures]:
    """The pictures; raises ProblemError where none can be read."""
    if job.unchecked:
        with tempfile.TemporaryDirectory(prefix="cnnstudio-check-") as folder:
            listed = [Listed(path) for path in _generated(Path(folder), card)]
            yield _prepared(listed, card, Path(folder) / "cache", link)
        return
    listed = _other_pictures(Path(job.data), class_numbers(run.folder, card.class_names)) if job.data else run_pictures(run)
    pictures = _prepared(listed, card, _cache(job.cache), link)
    if not pictures.files:
        raise ProblemError(_nothing_problem(job, run))
    yield pictures


def training_pixels(run: RunFolder, card: model_card.Card, cache: str, link: Link) -> np.ndarray:
    """Pictures of the training from all classes in turn, uint8, for a calibration. Raises ProblemError
    (no_calibration_pictures)."""
    listed = run_pictures(run, ("train",))[:CALIBRATION]
    pictures = _prepared(listed, card, _cache(cache), link)
    if not pictures.files:
        text = Text("Whole numbers need pictures of the training, from which the ranges of values are measured, and none of "
                    "them can be read any more. Choose the folder where they are now, or another format.",
                    "Los números enteros necesitan imágenes del entrenamiento, con las que se miden los rangos de valores, y "
                    "ya no se puede leer ninguna. Elija la carpeta donde están ahora u otro formato.")
        fix = Fix(action="choose_folder", label=Text("Choose folder…", "Elegir carpeta…"))
        raise ProblemError(error("no_calibration_pictures", text, "dataset", path=run.manifest_path, fixes=(fix,)))
    return pictures.pixels


def run_pictures(run: RunFolder, splits: tuple[str, ...] = ("test", "validation", "train")) -> list[Listed]:
    """Pictures of the run's manifest, from all classes in turn, those of the first split first."""
    manifest = read_located(run.manifest_path, run.project_folder)
    order = {split: number for number, split in enumerate(splits)}
    by_class: dict[int, list[Entry]] = {}
    for entry in sorted((entry for entry in manifest.entries if entry.split in order), key=lambda entry: order[entry.split]):
        by_class.setdefault(entry.label, []).append(entry)
    turns = [entries[turn] for turn in range(PICTURES) for entries in by_class.values() if turn < len(entries)]
    return [Listed(manifest.path(entry), entry.label, entry.split == "train") for entry in turns[:PICTURES]]


def _cache(cache: str) -> Path:
    return Path(cache) if cache else cache_folder()


def _other_pictures(data: Path, numbers: Mapping[str, int]) -> list[Listed]:
    """Pictures of a folder (with class folders or without) or a list, spread evenly over it. Their class is that of a folder
    with the name of a class, by its number."""
    if is_manifest(data):
        reading = read_rows(data)
        blocking = [problem for problem in reading.problems if problem.blocks]
        if blocking:
            raise ProblemError(*blocking)
        paths = [root_of(data) / picture.path for picture in locate_rows(data, reading).pictures]
    else:
        paths = [Path(path) for path in list_pictures([str(data)])[0]]
    return [Listed(paths[number], numbers.get(paths[number].parent.name, -1))
            for number in np.linspace(0, len(paths) - 1, min(PICTURES, len(paths))).astype(int).tolist()]


def _generated(folder: Path, card: model_card.Card) -> list[Path]:
    """Pictures of noise, always the same."""
    noise = np.random.default_rng(0).integers(0, 256, (_GENERATED, card.recipe.height, card.recipe.width, 3), np.uint8)
    paths = [folder / f"{number}.png" for number in range(_GENERATED)]
    for path, picture in zip(paths, noise, strict=True):
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return paths


def _prepared(listed: list[Listed], card: model_card.Card, cache: Path, link: Link) -> CheckPictures:
    """The usable pictures with their pixels."""
    prepared = prepare_pictures([picture.path for picture in listed], card.recipe, cache, check=link.check)
    good = prepared.good
    used = [listed[index] for index in good.tolist()]
    labels = np.array([picture.label for picture in used], np.int64)
    unseen = np.array([not picture.trained for picture in used], bool)
    held_out = bool((unseen & (labels >= 0)).any())
    return CheckPictures([picture.path for picture in used], prepared.take(good), labels,
                         (labels >= 0) & unseen if held_out else labels >= 0, held_out)


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
