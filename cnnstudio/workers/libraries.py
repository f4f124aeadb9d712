"""The libraries that a user can add, by what the entries of the registries need, and those that a job needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES
from cnnstudio.catalog.reports import REPORT_FORMATS
from cnnstudio.catalog.runtime_files import MODEL_FILES
from cnnstudio.core.export_jobs import Export, MeasureLosses, Verify
from cnnstudio.core.jobs import Diagnose, JobSpec
from cnnstudio.core.libraries import Library, library_path
from cnnstudio.datasets.sources.tables import TABLE_FORMATS


def known_libraries() -> dict[str, Library]:
    """Every library that an entry names as needed, by id."""
    libraries: dict[str, Library] = {}
    for entry in (*EXPORTERS, *BUNDLE_ENGINES, *BACKENDS, *TABLE_FORMATS, *REPORT_FORMATS):
        for library in entry.libraries:
            libraries.setdefault(library.id, library)
    return libraries


def library_path_for(job: JobSpec) -> str:
    """Where the child of a job finds the added libraries that it needs, and no others."""
    return library_path(dict.fromkeys(_modules(job)))


def _modules(job: JobSpec) -> Iterator[str]:
    backend = BACKENDS.find(job.backend)
    if backend is not None:
        yield backend.module
    if isinstance(job, Export | Verify):
        entry = EXPORTERS.find(job.format)
        yield from (library.module for library in (() if entry is None else entry.libraries))
        engines = () if entry is None or not entry.engines else BUNDLE_ENGINES
        yield from (library.module for engine in engines for library in engine.libraries)
    model = getattr(job, "model", "")
    for kind in MODEL_FILES.values():
        if isinstance(model, str) and (model.lower().endswith(kind.suffix) or (Path(model) / f"model{kind.suffix}").is_file()):
            yield from (library.module for library in kind.libraries)
    if isinstance(job, MeasureLosses):
        yield from (library.module for library in EXPORTERS["litert_int8"].libraries)
    if isinstance(job, Diagnose):
        yield from (library.module for library in known_libraries().values())
