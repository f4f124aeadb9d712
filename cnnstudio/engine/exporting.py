"""The Export job: written aside, reopened, compared with the trained model, and only then put in place."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import keras
import msgspec
import numpy as np

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.events import Artifact, Event, Finished
from cnnstudio.core.jobs import Export, ExportCheck, Exported
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.engine import bundle, exporting_keras, exporting_torch, models
from cnnstudio.engine.phases import phase
from cnnstudio.engine.pixels import prepare_pictures
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs import RunFolder

PICTURES: Final = 64
"""On how many real pictures an export is compared."""
TOLERANCE: Final = 1e-5
TOLERANCES: Final = {"torch": 1e-4}
"""Where another library computes: it adds up in another order."""


def export(job: Export, link: Link) -> Event:
    """Do the job: Exported with its check. Raises ProblemError (unknown_format, target_exists, export_differs...)."""
    run = RunFolder(Path(job.run_folder))
    entry = EXPORTERS.find(job.format)
    if entry is None:
        text = Text("There is no export format called {name}.", "No hay ningún formato de exportación llamado {name}.")
        raise ProblemError(error("unknown_format", text.fill(name=job.format), "project", field="format"))
    target = target_path(Path(job.path), entry.suffix)
    if not replaceable(target, job.format):
        raise ProblemError(_exists(target))
    phase(link, "loading")
    loaded = models.load(run.folder)
    pictures, pixels = real_pictures(run, loaded.card, job, link)
    wanted = probabilities(loaded.model, loaded.card, pixels)
    phase(link, "exporting")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.writing{entry.suffix}")
    _remove(temporary)
    try:
        check = _WRITERS[job.format](loaded, temporary, pictures, wanted, job, link)
        if check.top1_agreement < 1.0 or check.max_abs_difference > TOLERANCES.get(job.format, TOLERANCE):
            raise ProblemError(_differs(check))
        _put(temporary, target)
    except OSError as trouble:
        raise ProblemError(write_problem(trouble, target)) from trouble
    finally:
        _remove(temporary)
    link.emit(Artifact(kind="export", path=str(target)))
    link.emit(Exported(path=str(target), format=job.format, check=check))
    return Finished(run=run.id)


def target_path(path: Path, suffix: str) -> Path:
    """The path with the format's suffix; a folder named for a file's format gets model.keras inside."""
    if not suffix or path.suffix == suffix:
        return path
    return path / f"model{suffix}" if path.is_dir() else path.with_name(path.name + suffix)


def replaceable(target: Path, format: str) -> bool:
    """Whether nothing but an earlier export of ours (or an empty folder) would be lost."""
    if not target.exists():
        return True
    if format == "keras":
        return target.is_file() and models.read_card(target) is not None
    if not target.is_dir():
        return False
    return not any(target.iterdir()) or bundle.is_bundle(target)


def real_pictures(run: RunFolder, card: models.Card, job: Export, link: Link) -> tuple[list[Path], np.ndarray]:
    """Usable pictures of the run's manifest, of all classes in turn and of the test split first."""
    manifest = read_manifest(run.manifest_path)
    order = {"test": 0, "validation": 1, "train": 2}
    by_class: dict[int, list[Any]] = {}
    for entry in sorted(manifest.entries, key=lambda entry: order.get(entry.split, 3)):
        by_class.setdefault(entry.label, []).append(entry)
    turns = [entries[turn] for turn in range(PICTURES) for entries in by_class.values() if turn < len(entries)]
    paths = [manifest.path(entry) for entry in turns[:PICTURES]]
    cache = Path(job.cache) if job.cache else cache_folder()
    prepared = prepare_pictures(paths, card.recipe, cache, check=link.check)
    good = prepared.good
    if not len(good):
        text = Text("The export cannot be checked: none of the run's pictures can be read any more.",
                    "La exportación no se puede comprobar: ya no se puede leer ninguna imagen del entrenamiento.")
        raise ProblemError(error("no_pictures", text, "dataset", path=manifest.header.root))
    return [paths[index] for index in good.tolist()], prepared.take(good)


def probabilities(model: Any, card: models.Card, pixels: np.ndarray) -> np.ndarray:
    """(n, classes) by Keras itself, in batches."""
    parts = [np.asarray(model.predict_on_batch(pixels[begin:begin + 32].astype(np.float32)))
             for begin in range(0, len(pixels), 32)]
    return np.asarray(models.probabilities(np.concatenate(parts), card.label_mode))


def compared(found: np.ndarray, wanted: np.ndarray) -> ExportCheck:
    """How far the export's answers are from the trained model's."""
    agreement = float((found.argmax(axis=1) == wanted.argmax(axis=1)).mean())
    return ExportCheck(images=len(wanted), top1_agreement=agreement,
                       max_abs_difference=float(np.abs(found - wanted).max()))


def _keras(loaded: models.Loaded, path: Path, pictures: list[Path], wanted: np.ndarray, _job: Export, link: Link
           ) -> ExportCheck:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(loaded.path, path)
    phase(link, "checking")
    from cnnstudio.catalog.pixels import prepare_file

    recipe = loaded.card.recipe.as_dictionary()
    pixels = np.stack([prepare_file(picture, recipe) for picture in pictures])
    return compared(probabilities(keras.saving.load_model(path, compile=False), loaded.card, pixels), wanted)


def _bundle(loaded: models.Loaded, path: Path, pictures: list[Path], wanted: np.ndarray, job: Export, link: Link
            ) -> ExportCheck:
    bundle.write(loaded, path, pictures, wanted, max(1, job.samples))
    phase(link, "checking")
    with bundle.pixel_path(path) as prepare:
        recipe = msgspec.json.decode((path / "recipe.json").read_bytes())
        pixels = np.stack([prepare(picture.read_bytes(), recipe) for picture in pictures])
    model = keras.saving.load_model(path / "model.keras", compile=False)
    check = compared(probabilities(model, loaded.card, pixels), wanted)
    bundle.write_check(path, check)
    return check


def _source(module: Any, name: str) -> Callable[..., ExportCheck]:
    """The writer of a format that is source with its weights beside it: `write` and `answers` of that module."""

    def write(loaded: models.Loaded, path: Path, pictures: list[Path], wanted: np.ndarray, job: Export, link: Link
              ) -> ExportCheck:
        module.write(loaded, RunFolder(Path(job.run_folder)), path)
        phase(link, "checking")
        check = compared(module.answers(path, loaded.card, pictures), wanted)
        bundle.write_check(path, check, name)
        return check

    return write


_WRITERS: Final[dict[str, Callable[..., ExportCheck]]] = {
    "keras": _keras, "bundle": _bundle, "keras_source": _source(exporting_keras, "keras_source"),
    "torch": _source(exporting_torch, "torch")}
"""The writer of each format of catalog.exporters."""


def _put(temporary: Path, target: Path) -> None:
    """Rename into place; an earlier export is gone only when the new one stands."""
    old = target.with_name(f".{target.name}.old")
    _remove(old)
    if target.is_dir():
        os.replace(target, old)
    try:
        os.replace(temporary, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _exists(target: Path) -> Problem:
    text = Text("{path} is already there and is no export of CNN Studio: it is left as it is. Choose another name.",
                "{path} ya existe y no es una exportación de CNN Studio: queda como está. Elija otro nombre.")
    return error("target_exists", text.fill(path=target), "file", path=target)


def _differs(check: ExportCheck) -> Problem:
    text = Text("The reopened export does not answer as the trained model does (largest difference {difference:.2g}, "
                "{share:.1%} the same class). It was not kept.",
                "La exportación reabierta no responde como el modelo entrenado (mayor diferencia {difference:.2g}, "
                "{share:.1%} la misma clase). No se ha conservado.")
    return error("export_differs", text.fill(difference=check.max_abs_difference, share=check.top1_agreement), "run")
