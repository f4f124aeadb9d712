"""The libraries that a user can add, by what the entries of the registries need, and those that a job needs."""

from __future__ import annotations

from collections.abc import Iterator

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.reports import REPORT_FORMATS
from cnnstudio.core.jobs import Diagnose, Export, JobSpec
from cnnstudio.core.libraries import Library, library_path
from cnnstudio.datasets.sources.tables import TABLE_FORMATS


def known_libraries() -> dict[str, Library]:
    """Every library that an entry names as needed, by id."""
    libraries: dict[str, Library] = {}
    for entry in (*EXPORTERS, *BACKENDS, *TABLE_FORMATS, *REPORT_FORMATS):
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
    if isinstance(job, Export):
        entry = EXPORTERS.find(job.format)
        yield from (library.module for library in (() if entry is None else entry.libraries))
    if isinstance(job, Diagnose):
        yield from (library.module for library in known_libraries().values())
