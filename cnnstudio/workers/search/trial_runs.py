"""The runs of a trial: ordinary ones, with frozen specs and pictures of their own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.jobs import Train
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import ProblemError, blocking
from cnnstudio.core.project import Project
from cnnstudio.core.search import SearchSpec
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.checks import check_project
from cnnstudio.workers.job_setup import count_entries, training_job
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, create_run, delete_run
from cnnstudio.workers.runs.origin import RunOrigin, read_origin
from cnnstudio.workers.search.begin import fold_project
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.reading import ParamValue
from cnnstudio.workers.search.search_problems import is_fatal
from cnnstudio.workers.search.space import Space


class TrialRuns:
    """Makes and finds the runs of the trials of one search. Raises ProblemError where its files are damaged."""

    def __init__(self, search: SearchFolder, spec: SearchSpec) -> None:
        self._search, self._spec = search, spec
        project = search.project()
        self.bases = ProjectBases(search.project_folder)
        manifests = [read_manifest(search.manifest_path(fold)) for fold in self.folds()]
        self.classes = manifests[0].header.class_names
        self.counts = [count_entries(manifest.entries, self.classes) for manifest in manifests]
        self.validation = sum(entry.split == "validation" for entry in manifests[0].entries)
        self.space = Space(project, spec.varied, self.classes, self.bases)

    def folds(self) -> tuple[int | None, ...]:
        """The folds of every trial; None stands for the project's own division."""
        return tuple(range(self._spec.folds)) if self._spec.folds else (None,)

    def project(self, params: Mapping[str, ParamValue], fold: int | None) -> Project:
        """The project of a trial. Raises ProblemError with everything that keeps it from being trained."""
        project = self.space.apply(params)
        if fold is not None:
            project = fold_project(project, self._spec.folds, fold)
        problems = blocking(check_project(project, self.classes, self.counts[fold or 0], self.bases))
        if problems:
            raise ProblemError(*problems)
        return project

    def create(self, number: int, project: Project, fold: int | None) -> RunFolder:
        """A new run of a trial. Raises ProblemError."""
        origin = RunOrigin(search=self._search.id, trial=number)
        if fold is not None:
            origin = msgspec.structs.replace(origin, group=f"{self._search.id}-{number + 1}", grouped_by="folds", member=fold,
                                             members=self._spec.folds)
        return create_run(self._search.project_folder, project, lambda path: self._copy_manifest(fold, path), origin)

    def _copy_manifest(self, fold: int | None, path: Path) -> None:
        try:
            shutil.copyfile(self._search.manifest_path(fold), path)
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, path)) from os_error

    def found(self) -> dict[int, list[RunFolder]]:
        """The runs that trials of this search have, by trial, in the order of their folds. What a killed program left without
        specs is deleted."""
        found: dict[int, list[tuple[int, RunFolder]]] = {}
        runs = self._search.project_folder / RUNS
        for folder in sorted(runs.iterdir()) if runs.is_dir() else []:
            origin = read_origin(folder)
            if origin.search != self._search.id:
                continue
            run = RunFolder(folder)
            if not run.spec_path.is_file():
                delete_run(run)
                continue
            found.setdefault(origin.trial, []).append((origin.member, run))
        return {number: [run for _fold, run in sorted(members, key=lambda item: (item[0], item[1].id))]
                for number, members in found.items()}


def job_of(run: RunFolder) -> Train | None:
    """The job that begins a run or goes on with it; None for one that has a model but nothing to go on from. Raises
    ProblemError where its specs are damaged."""
    project = run.spec()
    resume = run.events_path.exists()
    if resume and run.has_model_file and not run.has_checkpoints:
        return None
    return training_job(run, project, resume=resume)


def has_failed(run: RunSummary, spec: SearchSpec) -> bool:
    """Whether a run failed for a reason of its own, so that its trial has failed, too."""
    return run.state == "failed" and run.problem is not None and not is_fatal(run.problem, spec)


def is_lost(run: RunFolder, spec: SearchSpec) -> bool:
    """Whether a run can neither be taken as it is nor go on: it is damaged, or was broken off and has no checkpoint left."""
    summary = run.summary()
    if summary.state == "damaged":
        return True
    if summary.state not in ("stopped", "interrupted", "failed") or has_failed(summary, spec):
        return False
    return job_of(run) is None
