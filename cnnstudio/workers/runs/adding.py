"""A class more for the model of a run, from a folder of pictures: a new run that goes on from it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import SPLITS, DatasetSpec, SplitSpec
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import Problem, ProblemError, blocking, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import RenamedClasses, name_problems, names_in, present_names, write_renamed
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import Entry, Manifest, entries_of, write_manifest
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.source_folders import source_folder, source_folders, source_text
from cnnstudio.datasets.splits import divide
from cnnstudio.interchange.added_class import classifier_of, only_base, with_learning, with_outputs, with_trunk
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_project
from cnnstudio.workers.job_setup import refresh_index, training_job
from cnnstudio.workers.runs.folder import RunFolder, create_run
from cnnstudio.workers.runs.origin import RunOrigin
from cnnstudio.workers.runs.run_problems import in_use_problem, no_model_problem
from cnnstudio.workers.runs.weights import chosen_weights, copy_weights

replace = msgspec.structs.replace
_MOST_NAMED: Final = 5


class NewClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class to add: its name, and the folder of its pictures; None where the project has pictures of it already.
    `last_layers`: the last part of the trunk learns too, after the head."""

    name: str
    folder: Path | None = None
    last_layers: bool = False


class AddedClass(msgspec.Struct, frozen=True, kw_only=True):
    """The run that learns the class, its job, the project with the class among its own, and what is to be told.

    `pictures` of the new class by split; `again` pictures were left out because their content was there already.
    """

    run: RunFolder
    job: Train
    project: Project
    pictures: dict[str, int]
    again: int = 0
    problems: tuple[Problem, ...] = ()


def add_class(folder: Path, project: Project, index: Index, run: RunFolder, new: NewClass,
              on_progress: OnProgress | None = None, cancelled: Cancelled = never,
              check: Callable[[], object] = lambda: None) -> AddedClass:
    """Make the run. The pictures are read into the index as a source of the project, whose file is left to the caller; where
    that is not to be, the index is as before. Raises ProblemError, and whatever `check` raises between two parts."""
    manifest = checked_parent(run, new)
    wanted = project_with_class(folder, project, index, new)
    spec = with_outputs(run.spec(), len(manifest.header.class_names))
    try:
        noticed = refresh_index(folder, wanted, index, on_progress, cancelled)
        check()
        index.apply(wanted.dataset)
        problems = blocking(noticed)
        if problems:
            raise ProblemError(*problems)
        return _make_run(folder, wanted, index, run, manifest, spec, new, noticed)
    except BaseException:
        if wanted != project:
            with contextlib.suppress(ProblemError):
                refresh_index(folder, project, index)
                index.apply(project.dataset)
        raise


def checked_parent(run: RunFolder, new: NewClass) -> Manifest:
    """The pictures of a run whose model can get the class, with the names of its training. Raises ProblemError (no_model,
    run_in_use, class_name, class_exists, no_classifier...)."""
    if run.living():
        raise ProblemError(in_use_problem(run))
    if not run.has_model_file:
        raise ProblemError(no_model_problem(run))
    manifest = read_located(run.manifest_path, run.project_folder, as_trained=True)
    trained = manifest.header.class_names
    names = present_names(run.folder, trained)
    if new.name in (*names, *trained):
        text = Text("The model of {run} has the class {name} already. To train on more pictures of it, add them to the class "
                    "on the Data page.",
                    "El modelo de {run} ya tiene la clase {name}. Para entrenar con más imágenes de ella, añádalas a la clase "
                    "en la página Datos.")
        raise ProblemError(error("class_exists", text.fill(run=run.id, name=new.name), "run", field="name"))
    problems = name_problems((*names, new.name), {new.name})
    if problems:
        raise ProblemError(*problems)
    with_outputs(run.spec(), len(trained))
    return manifest


def count_pictures(place: Path, spec: DatasetSpec) -> int:
    """The picture files of a folder of loose pictures, as the project reads folders. Raises ProblemError (no_pictures)."""
    loose = DatasetSpec(source=str(place), source_classes={str(place): "new"}, follow_links=spec.follow_links,
                        ignore=spec.ignore)
    count = 0
    if place.is_dir():
        count = sum(len(chunk) for chunk in Listing(place, loose, folder=place.parent))
    if not count:
        text = Text("There are no pictures in {path}. Choose the folder with the pictures of the new class.",
                    "No hay imágenes en {path}. Elija la carpeta con las imágenes de la clase nueva.")
        raise ProblemError(error("no_pictures", text.fill(path=place), "dataset", path=place, field="folder"))
    return count


def project_with_class(folder: Path, project: Project, index: Index, new: NewClass) -> Project:
    """The project with the folder as one of its sources, and the class as the last of its own. Raises ProblemError."""
    dataset, known = project.dataset, index.all_class_names(project.dataset)
    if new.folder is None:
        if new.name not in known:
            text = Text("The project has no pictures of {name}. Name the folder with its pictures.",
                        "El proyecto no tiene imágenes de {name}. Indique la carpeta con sus imágenes.")
            raise ProblemError(error("unknown_class", text.fill(name=new.name), "dataset", field="folder"))
        return replace(project, dataset=replace(
            dataset, hidden_classes=tuple(name for name in dataset.hidden_classes if name != new.name)))
    place = new.folder.resolve()
    count_pictures(place, dataset)
    inside = next((source for source in source_folders(project, folder) if place.is_relative_to(source)), None)
    if inside is not None:
        text = Text("The pictures in {path} belong to the project already, since they lie in {source}. Choose their class "
                    "instead of the folder.",
                    "Las imágenes de {path} ya pertenecen al proyecto, porque están en {source}. Elija su clase en lugar de la "
                    "carpeta.")
        raise ProblemError(error("folder_in_project", text.fill(path=place, source=inside), "dataset", path=place,
                                 field="folder"))
    if new.name in known:
        text = Text("The project has a class {name} already. Choose that class instead of a folder, or another name.",
                    "El proyecto ya tiene una clase {name}. Elija esa clase en lugar de una carpeta, u otro nombre.")
        raise ProblemError(error("class_exists", text.fill(name=new.name), "dataset", field="name"))
    source = source_text(place, folder)
    with contextlib.suppress(ProblemError):
        # A network that cannot follow is told by its own checks.
        project = with_outputs(project, len(known))
    mode = "categorical" if dataset.label_mode == "binary" else dataset.label_mode
    return replace(project, dataset=replace(
        dataset, joined=(*dataset.joined, source), source_classes=dataset.source_classes | {source: new.name},
        class_names=(*known, new.name), label_mode=mode))


def adopt_class(project: Project, before: Project, after: Project) -> Project:
    """A project that was perhaps edited while the run was made from `before`, with what `after` has of the class."""
    network = after.network if project.network is before.network else project.network
    dataset = replace(project.dataset, **{name: getattr(after.dataset, name) for name in (
        "joined", "source_classes", "class_names", "hidden_classes", "label_mode")})
    loss = after.training.loss if project.training.loss == before.training.loss else project.training.loss
    return replace(project, dataset=dataset, network=network, training=replace(project.training, loss=loss))


# The new run ---------------------------------------------------------------------------------------


def _make_run(folder: Path, project: Project, index: Index, parent: RunFolder, manifest: Manifest, spec: Project,
              new: NewClass, noticed: Sequence[Problem]) -> AddedClass:
    trained = manifest.header.class_names
    present = present_names(parent.folder, trained)
    before = names_in(index.all_class_names(project.dataset), trained, present)
    names = (*before, new.name)
    entries, again, known = _new_entries(folder, project, index, manifest, new.name)
    spec = replace(spec, dataset=replace(project.dataset, class_names=names, label_mode=spec.dataset.label_mode))
    weights = chosen_weights(parent)
    bases = ProjectBases(folder)
    if only_base(spec.network) is None:
        file = copy_into_project(parent.model_path, folder, f"{folder.resolve().name}-{parent.summary().network}")
        original = parent.spec()
        classifier = classifier_of(original.network, len(trained), original.dataset.label_mode == "binary")
        spec = with_trunk(spec, classifier.id, bases.require_own(file))
    spec = with_learning(spec, bases, new.last_layers)
    counts: dict[str, dict[str, int]] = {name: dict.fromkeys(SPLITS, 0) for name in names}
    everything = [*(entry for entry in manifest.entries if 0 <= entry.label < len(trained)), *entries]
    for entry in everything:
        if entry.split in SPLITS:
            counts[names[entry.label]][entry.split] += 1
    problems = check_project(spec, names, counts, bases)
    if blocking(problems):
        raise ProblemError(*blocking(problems))

    def write(path: Path) -> None:
        write_manifest(path, replace(manifest.header, class_names=names, label_mode=spec.dataset.label_mode), everything)
        copy_weights(parent, weights, path.parent)
        if before != present:
            write_renamed(path.parent, RenamedClasses(trained=names, names=(*present, new.name)))

    run = create_run(folder, spec, write, RunOrigin(kind="weights", parent=parent.id, epoch=weights.epoch, added=(new.name,)))
    told = [item for item in noticed if not item.blocks]
    told += [] if known is None else [known]
    told += [item for item in problems if item.code in ("few_pictures", "class_without_validation", "uneven_classes")]
    return AddedClass(run=run, job=training_job(run, spec), project=project, again=again, problems=tuple(told),
                      pictures=dict(Counter(entry.split for entry in entries)))


def _new_entries(folder: Path, project: Project, index: Index, manifest: Manifest, name: str
                 ) -> tuple[list[Entry], int, Problem | None]:
    """The pictures of the class with numbers behind the classes of the run; how many were left out because they are there
    twice; a warning about those that are pictures of other classes, which are left out too. Raises ProblemError."""
    label = len(manifest.header.class_names)
    found = [replace(entry, label=label) for entry in entries_of(index.usable((name,)), (name,))]
    elsewhere = {entry.hash for entry in manifest.entries if entry.hash} | {
        digest for digest, in index.rows("SELECT hash FROM pictures WHERE class_name != ? AND hash IS NOT NULL", (name,))}
    others = [entry for entry in found if entry.hash in elsewhere]
    single = {entry.hash or entry.path: entry for entry in reversed(found) if entry.hash not in elsewhere}
    entries = sorted(single.values(), key=lambda entry: entry.path)
    if not entries:
        raise ProblemError(_nothing_new(name, others))
    root = source_folder(project, folder).absolute()
    if root != Path(manifest.header.root):
        entries = [replace(entry, path=str(root / entry.path)) for entry in entries]
    known = None
    if others:
        text = Text("Pictures of {name} that are also in another class, which were left out: {n:,} ({paths}). Look at them on "
                    "the Data page.",
                    "Imágenes de {name} que también están en otra clase y se dejaron fuera: {n:,} ({paths}). Véalas en la "
                    "página Datos.")
        paths = ", ".join(Path(entry.path).name for entry in others[:_MOST_NAMED]) + (
            ", …" if len(others) > _MOST_NAMED else "")
        known = warning("in_other_class", text.fill(name=name, n=len(others), paths=paths), "dataset")
    return _held_out(entries, manifest, project.dataset.splits), len(found) - len(others) - len(entries), known


def _nothing_new(name: str, others: Sequence[Entry]) -> Problem:
    if others:
        text = Text("All pictures of {name} are also in other classes ({n:,}), so there is nothing to learn the class from.",
                    "Todas las imágenes de {name} están también en otras clases ({n:,}), así que no hay nada con qué aprender "
                    "la clase.")
        return error("in_other_class", text.fill(name=name, n=len(others)), "dataset")
    text = Text("None of the pictures of {name} can be used. See Quality on the Data page for the reasons.",
                "No se puede usar ninguna imagen de {name}. En la página Datos, Calidad muestra los motivos.")
    return error("no_pictures", text.fill(name=name), "dataset")


def _held_out(entries: list[Entry], manifest: Manifest, splits: SplitSpec) -> list[Entry]:
    """The entries with their splits; where one that the run has got none of them, they are drawn in its proportions."""
    shares = Counter(entry.split for entry in manifest.entries)
    if all(any(entry.split == split for entry in entries) for split in SPLITS if shares[split]):
        return entries
    total = sum(shares[split] for split in SPLITS)
    drawn = divide([(entry.path, "", None) for entry in entries], replace(
        splits, folds=0, **{split: shares[split] / total for split in SPLITS}))
    return [replace(entry, split=drawn[entry.path]) for entry in entries]
