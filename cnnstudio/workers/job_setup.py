"""Create jobs from projects, for the window and the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.export_jobs import Export, MeasureLosses
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.item import Step
from cnnstudio.core.jobs import CollectTFRecord, Evaluate, MeasureAugmentation, MeasureLayers, Serve, Train
from cnnstudio.core.own_folders import linked_way
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import class_numbers
from cnnstudio.core.text import Text, language
from cnnstudio.core.trial_jobs import TryRates
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.layout import root_of
from cnnstudio.datasets.manifest import Entry, Header, entries_of, read_manifest, write_index_manifest, write_manifest
from cnnstudio.datasets.refresh import Cancelled, OnProgress, ScanResult, inspect_pictures, never, scan_folder
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.sources.staging import refuse_existing
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_project
from cnnstudio.workers.forecasts import forecast_key, give_forecast
from cnnstudio.workers.runs.folder import RunFolder, create_run, find_run
from cnnstudio.workers.runs.origin import RunOrigin
from cnnstudio.workers.runs.pictures import DATA, evaluated_manifest
from cnnstudio.workers.runs.run_problems import no_model_problem


def refresh_index(folder: Path, project: Project, index: Index, on_progress: OnProgress | None = None,
                  cancelled: Cancelled = never) -> tuple[Problem, ...]:
    """Update the index from the folder of pictures; returns the problems."""
    return refresh_collection(folder, project, index, on_progress, cancelled).problems


def refresh_collection(folder: Path, project: Project, index: Index, on_progress: OnProgress | None = None,
                       cancelled: Cancelled = never) -> ScanResult:
    """Update the index from the folder of pictures; returns what the scan found."""
    root = source_folder(project, folder)
    scan = scan_folder(index, root, project.dataset, on_progress, cancelled)
    if scan.complete:
        inspect_pictures(index, root, on_progress, cancelled)
    return scan


def prepare_training(folder: Path, project: Project, index: Index, noticed: Sequence[Problem] = (), *,
                     origin: RunOrigin | None = None, splits: Mapping[str, str] | None = None,
                     begin: Callable[[Path], object] | None = None) -> tuple[RunFolder, Train]:
    """A new run with its frozen specs and manifest, and the job that trains it.

    `origin` tells what it comes from; `splits` are those of the pictures (by path) where they are not those of the
    index; `begin` puts into the folder of the run what it begins with. Raises ProblemError with every blocking problem,
    also those of `noticed` (such as a missing folder), and then creates nothing.
    """
    classes = index.class_names(project.dataset)
    entries = entries_of(index.usable(classes), classes)
    if splits is not None:
        entries = [msgspec.structs.replace(entry, split=splits.get(entry.path, entry.split)) for entry in entries]
    counts = index.counts() if splits is None else count_entries(entries, classes)
    problems = blocking((*noticed, *check_project(project, classes, counts, ProjectBases(folder))))
    if problems:
        raise ProblemError(*problems)
    header = Header(root=str(source_folder(project, folder)), class_names=classes, label_mode=project.dataset.label_mode)

    def write(path: Path) -> None:
        write_manifest(path, header, entries)
        if begin is not None:
            begin(path.parent)

    run = create_run(folder, project, write, origin)
    give_forecast(run, forecast_key(project, counts))
    return run, training_job(run, project)


def count_entries(entries: Sequence[Entry], classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Pictures of a manifest by class and split."""
    counts: dict[str, dict[str, int]] = {name: {} for name in classes}
    for entry in entries:
        of_class = counts[classes[entry.label]]
        of_class[entry.split] = of_class.get(entry.split, 0) + 1
    return counts


def training_job(run: RunFolder, project: Project, resume: bool = False) -> Train:
    """The job that trains or resumes a run."""
    return Train(run_folder=str(run.folder), resume=resume, backend=project.training.backend,
                 device=project.training.device, determinism=project.training.determinism, cache=str(cache_folder()),
                 language=language())


def rates_job(folder: Path, project: Project, index: Index, stage: str = "") -> TryRates:
    """The job that tries learning rates on the training pictures; it writes their manifest into the cache. Raises
    ProblemError with every blocking problem."""
    classes = index.class_names(project.dataset)
    problems = blocking(check_project(project, classes, index.counts(), ProjectBases(folder)))
    if problems:
        raise ProblemError(*problems)
    name = blake2b(str(folder.resolve()).encode(), digest_size=12).hexdigest()
    manifest = cache_folder() / "rates" / f"{name}.manifest.jsonl"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    write_index_manifest(manifest, index, source_folder(project, folder), classes, project.dataset.label_mode, ("train",))
    training = project.training
    return TryRates(manifest=str(manifest), project=project, project_folder=str(folder.absolute()), stage=stage,
                    backend=training.backend, device=training.device, determinism=training.determinism,
                    cache=str(cache_folder()), language=language())


def evaluation_job(run: RunFolder, split: str = "", data: Path | None = None, reading: DatasetSpec | None = None
                   ) -> Evaluate:
    """The job that evaluates a run on a split of its own pictures, or on other class folders or a manifest, read as
    `reading` says (as those of the run unless given).

    Without a choice: the test split, else validation, else training. Raises ProblemError.
    """
    project = run.spec()
    manifest_path = run.manifest_path
    if data is not None:
        split = DATA
        trained = read_manifest(run.manifest_path).header
        header = Header(root=str(root_of(data.resolve())), class_names=trained.class_names, label_mode=trained.label_mode,
                        source=str(data.resolve()))
        entries = labelled_pictures(data, trained.class_names, reading or project.dataset,
                                    class_numbers(run.folder, trained.class_names))
        manifest_path = evaluated_manifest(run, DATA)
        try:
            write_manifest(manifest_path, header, entries)
        except ProblemError:
            # The project cannot be written: the result is reported but not kept.
            manifest_path = cache_folder() / "evaluation" / f"{run.id}.manifest.jsonl"
            write_manifest(manifest_path, header, entries)
    else:
        manifest = read_manifest(manifest_path)
        present = [name for name in ("test", "validation", "train") if manifest.split(name)]
        split = split or (present[0] if present else "test")
        if not manifest.split(split):
            text = Text("The run has no pictures in the split {split}. Available: {present}.",
                        "El entrenamiento no tiene imágenes en la división {split}. Disponibles: {present}.")
            raise ProblemError(error("empty_split", text.fill(split=split, present=", ".join(present) or "-"), "run"))
    return Evaluate(run_folder=str(run.folder), manifest=str(manifest_path), split=split,
                    table=str(run.table_path(split)), backend=project.training.backend, device=project.training.device,
                    cache=str(cache_folder()), language=language())


def augmentation_job(run: RunFolder, steps: Sequence[Step]) -> MeasureAugmentation:
    """The job that measures the effect of these augmentations on the predictions of a run, on its validation pictures.

    Where there are none it takes the test pictures, else those of training. Steps that mix pictures are left out.
    """
    project = run.spec()
    manifest = read_manifest(run.manifest_path)
    split = next((name for name in ("validation", "test", "train") if manifest.split(name)), "validation")
    alone = tuple(step for step in steps if (entry := AUGMENTATIONS.find(step.type)) is not None and entry.group != "mix")
    return MeasureAugmentation(run_folder=str(run.folder), steps=alone, split=split, backend=project.training.backend,
                               device=project.training.device, cache=str(cache_folder()), language=language())


def layers_job(run: RunFolder) -> MeasureLayers:
    """The job that looks inside the layers of a run's model. Raises ProblemError (no_model)."""
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    training = run.spec().training
    return MeasureLayers(run_folder=str(run.folder), backend=training.backend, device=training.device,
                         determinism=training.determinism, cache=str(cache_folder()), language=language())


def labelled_pictures(data: Path, class_names: Sequence[str], spec: DatasetSpec,
                      numbers: Mapping[str, int] | None = None) -> list[Entry]:
    """Entries of the split "data" for the class folders (or the manifest) `data`, whose classes have these `numbers` (else
    their places in `class_names`); raises ProblemError if they do not fit."""
    place = data.resolve()
    plain = DatasetSpec(source=str(place), follow_links=spec.follow_links, split_folders=spec.split_folders,
                        ignore=spec.ignore, path_columns=spec.path_columns, label_columns=spec.label_columns)
    listing = Listing(root_of(place), plain, folder=place.parent)
    numbers = numbers or {name: number for number, name in enumerate(class_names)}
    entries: list[Entry] = []
    unknown: set[str] = set()
    for chunk in listing:
        for file in chunk:
            if file.class_name in numbers:
                entries.append(Entry(path=file.path, label=numbers[file.class_name], split="data", size=file.size,
                                     modified_ns=file.modified_ns))
            else:
                unknown.add(file.class_name)
    problems = list(blocking(listing.problems))
    if unknown == {""}:
        text = Text("The pictures in {path} have no labels, so there is nothing to compare the answers with. Put them into one "
                    "subfolder per class, or classify them on the Predict page.",
                    "Las imágenes de {path} no tienen etiquetas, así que no hay con qué comparar las respuestas. Póngalas en "
                    "una subcarpeta por clase o clasifíquelas en la página Predecir.")
        problems.append(error("unlabelled", text.fill(path=data), "dataset", path=data))
    elif unknown:
        text = Text("The model does not know the classes {unknown}; it knows {known}.",
                    "El modelo no conoce las clases {unknown}; conoce {known}.")
        problems.append(error("unknown_classes", text.fill(unknown=", ".join(sorted(unknown)),
                                                           known=", ".join(class_names)), "dataset", path=data))
    elif not entries and not problems:
        text = Text("There are no pictures in class folders in {path}. Choose a folder with one subfolder per class.",
                    "No hay imágenes en carpetas de clase en {path}. Elija una carpeta con una subcarpeta por clase.")
        problems.append(error("no_pictures", text.fill(path=data), "dataset", path=data))
    if problems:
        raise ProblemError(*problems)
    return sorted(entries, key=lambda entry: entry.path)


def serving_job(model: Path, run: str | None = None) -> Serve:
    """The warm prediction server for a project (its newest run, or `run`), a run, a bundle or a .keras file.

    Raises ProblemError if there is none.
    """
    backend, device = "tensorflow", "auto"
    if (model / PROJECT_FILE).is_file():
        run_folder = find_run(model, run)
        training = run_folder.spec().training
        model, backend, device = run_folder.folder, training.backend, training.device
    elif not model.exists():
        text = Text("{path} does not exist: choose a project, a run, an exported bundle or a model file.",
                    "{path} no existe: elija un proyecto, un entrenamiento, un paquete exportado o un archivo de "
                    "modelo.")
        raise ProblemError(error("no_model", text.fill(path=model), "file", path=model))
    return Serve(model=str(model.resolve()), backend=backend, device=device, cache=str(cache_folder()),
                 language=language())


def export_job(run: RunFolder, format: str, path: Path, samples: int = 3, data: Path | None = None,
               unchecked: bool = False, engine: str = "", keep_in_float: Sequence[str] = ()) -> Export:
    """The job that exports a run and checks the export on its pictures, on those of `data`, or not at all; raises
    ProblemError when its specs cannot be read, or where a link of the project leads to `path`."""
    linked = linked_way(run.project_folder, path)
    if linked is not None:
        raise ProblemError(linked)
    training = run.spec().training
    entry = EXPORTERS.find(format)
    backend = training.backend if entry is None or not entry.backend else entry.backend
    chosen = BUNDLE_ENGINES.find(engine)
    if entry is not None and entry.engines and chosen is not None:
        backend = chosen.backend or backend
    return Export(run_folder=str(run.folder), format=format, path=str(path.absolute()), samples=samples,
                  data="" if data is None else str(data.absolute()), unchecked=unchecked, engine=engine,
                  keep_in_float=tuple(keep_in_float), backend=backend, device=training.device, cache=str(cache_folder()),
                  language=language())


def losses_job(run: RunFolder) -> MeasureLosses:
    """The job that measures which layers of a run lose most with whole numbers. Raises ProblemError (no_model)."""
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    return MeasureLosses(run_folder=str(run.folder), device="cpu", cache=str(cache_folder()), language=language())


def records_job(folder: Path, project: Project, index: Index, path: Path) -> CollectTFRecord:
    """The job that writes the curated collection as TFRecord files into the new or empty folder `path`.

    Raises ProblemError (target_exists, no_pictures).
    """
    refuse_existing(path)
    classes = index.class_names(project.dataset)
    place = cache_folder() / "collect"
    place.mkdir(parents=True, exist_ok=True)
    manifest = place / f"{time.time_ns()}.manifest.jsonl"
    if not write_index_manifest(manifest, index, source_folder(project, folder), classes, project.dataset.label_mode):
        manifest.unlink()
        text = Text("There are no pictures to export. Include some on the Data page.",
                    "No hay imágenes que exportar. Incluya algunas en la página Datos.")
        raise ProblemError(error("no_pictures", text, "dataset"))
    return CollectTFRecord(manifest=str(manifest), path=str(path.absolute()), backend=project.training.backend,
                           device=project.training.device, cache=str(cache_folder()),
                           language=language())
