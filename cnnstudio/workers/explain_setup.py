"""Create the jobs that explain answers and show features."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.explain_jobs import ExplainPictures, ExplainRequest, FeaturesRequest, ShowFeatures
from cnnstudio.core.jobs import Serve
from cnnstudio.core.own_folders import linked_way
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, language
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.workers.job_setup import serving_job
from cnnstudio.workers.runs.folder import run_of

LIST_FILE: Final = "explanations.jsonl"
"""Written into every folder of explanations; by it the folder is known again."""


def explain_job(model: Path, request: ExplainRequest, run: str | None = None) -> ExplainPictures:
    """The job for a project (its newest run, or `run`), a run, a bundle or a model file. Raises ProblemError."""
    place = serving_job(model, run)
    return ExplainPictures(model=place.model, request=request, backend=place.backend, device=place.device,
                           cache=str(cache_folder()), language=language())


def features_job(model: Path, kind: str, target: Path, run: str | None = None, paths: Sequence[str] = (), layer: str = "",
                 units: Sequence[int] = (), position: tuple[int, int] | None = None, most: int = 9, steps: int = 128
                 ) -> ShowFeatures:
    """The job that shows features of such a model. "exciting" without paths takes the training pictures of the run. Raises
    ProblemError."""
    place = serving_job(model, run)
    if kind == "exciting" and not paths:
        paths = run_pictures(place, "train")
    request = FeaturesRequest(kind=kind, target=str(target.absolute()), paths=tuple(paths), layer=layer, units=tuple(units),
                              position=position, most=most, steps=steps)
    return ShowFeatures(model=place.model, request=request, backend=place.backend, device=place.device,
                        cache=str(cache_folder()), language=language())


def run_pictures(place: Serve, split: str = "", class_name: str = "") -> list[str]:
    """The pictures of the run that a server was made for, of a split and a class or all. Raises ProblemError (not_a_run,
    unknown_class, no_pictures)."""
    run = run_of(Path(place.model))
    if run is None:
        text = Text("{path} is no run and says nothing of the pictures it was trained with. Name pictures or folders.",
                    "{path} no es un entrenamiento y no dice con qué imágenes se entrenó. Indique imágenes o carpetas.")
        raise ProblemError(error("not_a_run", text.fill(path=place.model), "file", path=place.model))
    manifest = read_located(run.manifest_path, run.project_folder)
    names = manifest.header.class_names
    if class_name and class_name not in names:
        text = Text("The run has no class {name}. It has: {all}.", "El entrenamiento no tiene ninguna clase {name}. Tiene: "
                                                                   "{all}.")
        raise ProblemError(error("unknown_class", text.fill(name=class_name, all=", ".join(names)), "run",
                                 field="class_name"))
    result = [str(manifest.path(entry)) for entry in manifest.entries
              if (not split or entry.split == split) and (not class_name or names[entry.label] == class_name)]
    if not result:
        text = Text("The run has no such pictures.", "El entrenamiento no tiene imágenes de ese tipo.")
        raise ProblemError(error("no_pictures", text, "run"))
    return result


@contextmanager
def explanation_folder(target: Path, project: Path | None = None) -> Iterator[Path]:
    """Make the folder for explanations: new, empty, or one of explanations. Where nothing was listed in the end, what was made
    is removed again. Raises ProblemError (target_exists, is_link, own_file)."""
    if project is not None and (linked := linked_way(project, target)) is not None:
        raise ProblemError(linked)
    if target.is_dir() and any(target.iterdir()) and not (target / LIST_FILE).is_file():
        text = Text("{path} contains other files, so nothing was written there. Choose a new or empty folder.",
                    "{path} contiene otros archivos, así que no se escribió nada en ella. Elija una carpeta nueva o vacía.")
        raise ProblemError(error("target_exists", text.fill(path=target), "file", path=target))
    new = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / LIST_FILE).touch()
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    try:
        yield target
    finally:
        with suppress(OSError):
            if not (target / LIST_FILE).stat().st_size:
                (target / LIST_FILE).unlink()
                for folder in new:
                    folder.rmdir()


def append_line(target: Path, line: object) -> None:
    """Add what was written to the list of the folder. Raises ProblemError."""
    try:
        with (target / LIST_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error


__all__ = ["LIST_FILE", "append_line", "explain_job", "explanation_folder", "features_job", "run_pictures"]
