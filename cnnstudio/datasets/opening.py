"""Create and open projects: the folder, its saved specs, and the index of its pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE, read_project, write_project
from cnnstudio.core.places import projects_folder
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.channels import with_measured_samples
from cnnstudio.datasets.index import Filter, Index, open_index
from cnnstudio.datasets.layout import is_manifest, root_of
from cnnstudio.datasets.refresh import Cancelled, OnProgress, ScanResult, inspect_pictures, never, scan_folder
from cnnstudio.datasets.sample import write_digits
from cnnstudio.datasets.sample_ranges import chosen_range_notice, sample_groups, sample_range_problems, suggest_range
from cnnstudio.datasets.source_folders import source_text
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_project
from cnnstudio.network.new_project import Facts, new_project, with_base
from cnnstudio.network.plans import with_advised_plan

replace = msgspec.structs.replace


def facts_of(index: Index, project: Project, root: Path) -> Facts:
    """Facts about the inspected pictures, for choosing defaults."""
    sizes = index.sizes(500)
    classes = index.class_names(project.dataset)
    grey = False
    if sizes:
        grey = _are_grey(index, root)
    return Facts(classes=classes, grey=grey,
                 median_height=int(median(size[0] for size in sizes)) if sizes else 0,
                 median_width=int(median(size[1] for size in sizes)) if sizes else 0)


def _are_grey(index: Index, root: Path, samples: int = 12) -> bool:
    """Whether a handful of pictures, spread over the collection, all have one channel."""
    from cnnstudio.imaging.decode import read_bytes
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.inspect import channel_count

    ids = index.ids(Filter(excluded="hide"))
    step = max(1, len(ids) // samples)
    counts = []
    for picture in index.pictures(list(ids[::step][:samples])):
        try:
            counts.append(channel_count(read_bytes(root / picture.path)))
        except PictureError:
            continue
    return bool(counts) and all(count == 1 for count in counts)


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A new project on the disk, with the problems of the first scan."""

    project: Project
    scan: ScanResult
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()
    """Those of the problems that tell what was assumed."""


def create_project(folder: Path, data: Path | Sequence[Path], template: str = "", base: str = "", name: str = "",
                   on_progress: OnProgress | None = None, cancelled: Cancelled = never, base_name: str = "",
                   reading: DatasetSpec | None = None) -> tuple[Created, Index]:
    """Create a project for the pictures in `data`, folders and manifests; raises ProblemError and then leaves no
    half-created project.

    `folder` must not hold a project yet. The pictures are listed and inspected; they decide the template or base unless
    one is named. A base is an id, or the `.keras` or `.h5` file of a model that is taken into the project under
    `base_name`. `reading` says how folders and lists are read: links, patterns to ignore, columns.
    """
    if (folder / PROJECT_FILE).exists():
        text = Text("There is already a project in {path}. Open it, or choose another place.",
                    "Ya hay un proyecto en {path}. Ábralo o elija otro lugar.")
        raise ProblemError(error("project_exists", text.fill(path=folder), "project", path=folder))
    places = [data] if isinstance(data, Path) else list(data)
    wrong = [_no_source_problem(place) for place in places if not (place.is_dir() or (is_manifest(place) and place.is_file()))]
    if wrong or not places:
        raise ProblemError(*(wrong or [_no_source_problem(folder)]))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, folder)) from os_error
    try:
        own = _own_base(Path(base), folder, base_name, cancelled) if base and base not in BASES.ids() else None
    except ProblemError:
        # Not a model: remove the folders that are empty.
        for created in (folder / "bases", folder):
            with contextlib.suppress(OSError):
                created.rmdir()
        raise
    index = open_index(folder)
    source, *joined = (source_text(place, folder) for place in places)
    title = name or places[0].stem
    first = replace(reading or DatasetSpec(), source=source, joined=tuple(joined))
    root = root_of(places[0].resolve())
    scan = scan_folder(index, root, first, on_progress, cancelled)
    inspect_pictures(index, root, on_progress, cancelled)
    if cancelled():
        # The index stays for the next attempt; without a project file the folder can be used again.
        index.close()
        raise ProblemError(_cancelled_problem(folder))
    facts = facts_of(index, Project(name=title, dataset=first), root)
    project = new_project(title, source, facts, template=template, base=base if own is None else "efficientnet_lite0")
    if own is not None:
        project = with_base(project, own)
    project = replace(project, dataset=replace(first, label_mode=project.dataset.label_mode))
    index.apply(project.dataset)
    project = with_fitting_range(project, index, root)
    names = index.class_names(project.dataset)
    project = with_advised_plan(project, ProjectBases(folder), index.split_counts(names)["train"], len(names))
    write_project(folder, project)
    notes, groups = base_notes(own), sample_groups(index)
    problems = (*scan.problems, *picture_problems(index), *notes, *chosen_range_notice(groups, project.recipe),
                *sample_range_problems(groups, project.recipe),
                *check_project(project, index.class_names(project.dataset), index.counts(), ProjectBases(folder)))
    return Created(project=project, scan=scan, problems=problems, notes=notes), index


def base_notes(base: Base | None) -> tuple[Problem, ...]:
    """What is assumed of a user's model that became the base."""
    notes = base.own.notes if base is not None and base.own is not None else ()
    return tuple(warning("own_base", note, "network") for note in notes)


def with_fitting_range(project: Project, index: Index, root: Path) -> Project:
    """The project reading the deep pictures of its collection by the range that shows them; a range that the recipe has,
    such as that of a custom base, stays."""
    values = suggest_range(sample_groups(index)) if project.recipe.sample_range == "type" else {}
    return with_measured_range(replace(project, recipe=replace(project.recipe, **values)), index, root)


def with_measured_range(project: Project, index: Index, root: Path) -> Project:
    """The project with the range of its training pictures, where the recipe reads them by it and has none yet."""
    if project.recipe.sample_range != "collection" or project.recipe.samples_measured:
        return project
    return replace(project, recipe=with_measured_samples(project, index, root))


def _own_base(model: Path, folder: Path, name: str, cancelled: Cancelled) -> Base:
    """A model of the user's, taken into the project's folder."""
    from cnnstudio.interchange.own_base.project_copy import copy_into_project

    def check() -> None:
        if cancelled():
            raise ProblemError(_cancelled_problem(folder))

    return ProjectBases(folder).require_own(copy_into_project(model, folder, name, check=check))


def _cancelled_problem(folder: Path) -> Problem:
    text = Text("The project in {path} was not created, because you cancelled.",
                "El proyecto en {path} no se creó porque usted canceló.")
    return error("create_cancelled", text.fill(path=folder), "project", path=folder)


def _no_source_problem(place: Path) -> Problem:
    text = Text("{path} is not a folder of pictures. Choose a folder with one subfolder per class.",
                "{path} no es una carpeta de imágenes. Elija una carpeta con una subcarpeta por clase.")
    return error("not_a_folder", text.fill(path=place), "dataset", path=place)


def picture_problems(index: Index, limit: int = 1000) -> tuple[Problem, ...]:
    """A warning for each picture that cannot be read; such pictures are not used."""
    ids = list(index.ids(Filter(problem="any")))[:limit]
    result = []
    for picture in index.pictures(ids):
        text = Text("{path}: {trouble}", "{path}: {trouble}").fill(path=picture.path,
                                                                    trouble=picture.problem_text or Text("?", "?"))
        problem = error(picture.problem or "unreadable", text, "file", path=picture.path)
        result.append(replace(problem, severity="warning"))
    return tuple(result)


def open_project(folder: Path) -> tuple[Project, Index]:
    """A saved project and its index; raises ProblemError."""
    return read_project(folder), open_index(folder)


def sample_project(folder: Path | None = None) -> Path:
    """The sample project: LeNet-5 on the bundled digits, created once; returns its folder. Raises ProblemError."""
    place = folder or projects_folder() / "Sample digits"
    if not (place / PROJECT_FILE).exists():
        digits = write_digits(place / "digits")
        _created, index = create_project(place, digits, template="lenet5", name=str(Text("Digits", "Dígitos")))
        index.close()
    return place
