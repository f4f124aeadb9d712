"""`cnnstudio audit` after its helpers are started."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from cnnstudio.catalog.findings import KINDS, LEARNED
from cnnstudio.cli.output import Output, scan_progress
from cnnstudio.cli.targets import WRITTEN_REPORT, check_target
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.edits import set_field
from cnnstudio.core.files import PROJECT_FILE, read_project
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets import findings as stored
from cnnstudio.datasets.audit.flat import is_flat, scan_flat
from cnnstudio.datasets.audit.helpers import Helpers
from cnnstudio.datasets.audit.memory import keep_memory
from cnnstudio.datasets.audit.run import ALL_KINDS, moved_text
from cnnstudio.datasets.audit.run import audit as audit_index
from cnnstudio.datasets.embedding import Embedding, read_embedding
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.scan_problems import left_out_problem
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.imaging.picture_files import LeftOut, Tally
from cnnstudio.imaging.prepare import sample_range_of


def audit(arguments: argparse.Namespace, output: Output, beside: Helpers) -> int:
    """Exit code 0, with or without findings; 2 if the folder or the arguments are wrong."""
    kinds = _kinds(arguments.only)
    if arguments.html is not None:
        check_target(arguments.html, arguments.force, WRITTEN_REPORT)
    keep_memory()
    place: Path = arguments.place
    project, index, root = open_collection(place)
    if arguments.values:
        # Rarely used, and importing the catalog takes a while.
        from cnnstudio.network.key_values import with_values

        project = with_values(project, arguments.values)
    if arguments.flips:
        project = set_field(project, "dataset.audit", "flips", True)
    if arguments.follow_links:
        project = set_field(project, "dataset", "follow_links", True)
    if arguments.ignore:
        project = set_field(project, "dataset", "ignore", (*project.dataset.ignore, *arguments.ignore))
    try:
        left_out = scan_collection(place, index, root, project, output)
        if left_out is None:
            return 2
        embedding = None
        sample_range = sample_range_of(project.recipe.as_dictionary())
        summary = audit_index(index, root, project.dataset, only=kinds - LEARNED, beside=beside, sample_range=sample_range,
                              on_progress=scan_progress(output))
        if kinds & LEARNED and summary.images:
            embedding = _compute_embedding(place, project, index, root, output)
            if embedding is not None:
                audit_index(index, root, project.dataset, only=kinds & LEARNED, embedding=embedding)
        findings = [all_finding for all_finding in stored.all_findings(index, sorted(kinds))
                    if all_finding.kind not in LEARNED or embedding is not None]
        _print_summary(findings, index.count(), left_out, output)
        if summary.moved:
            output.print_message(str(moved_text(summary.moved)))
        if arguments.html is not None:
            from cnnstudio.datasets.audit.report import write_report

            write_report(arguments.html, index, root, findings, name=project.name or place.resolve().name)
            output.print_message(tr("Report: {path}", "Informe: {path}", path=arguments.html))
    finally:
        index.close()
    return 0


def _kinds(names: str | None) -> frozenset[str]:
    chosen = frozenset(name.strip() for name in (names or "").split(",") if name.strip())
    if not chosen:
        return ALL_KINDS
    unknown = sorted(chosen - ALL_KINDS)
    if unknown:
        text = Text("There is no kind of finding called {unknown}. Available: {known}.",
                    "No hay ningún tipo de hallazgo llamado {unknown}. Disponibles: {known}.")
        raise ProblemError(error("unknown_kind", text.fill(unknown=", ".join(unknown), known=", ".join(KINDS.ids())),
                                 "dataset"))
    return chosen


def open_collection(place: Path) -> tuple[Project, Index, Path]:
    """The project in a folder with its index; or for a plain folder an index in the cache, which is reused next time.

    Raises ProblemError.
    """
    if (place / PROJECT_FILE).is_file():
        project = read_project(place)
        return project, open_index(place), source_folder(project, place)
    if not place.is_dir():
        text = Text("{path} is neither a folder nor a project. Choose a folder of pictures or a project.",
                    "{path} no es ni una carpeta ni un proyecto. Elija una carpeta de imágenes o un proyecto.")
        raise ProblemError(error("not_a_folder", text.fill(path=place), "dataset", path=place))
    root = place.resolve()
    folder = cache_folder() / "audits" / blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    return Project(dataset=DatasetSpec(source=str(root))), open_index(folder), root


def scan_collection(place: Path, index: Index, root: Path, project: Project, output: Output
                    ) -> tuple[Problem, ...] | None:
    """List the pictures; returns what was left out, or None where there are none. A plain folder needs no class
    folders."""
    if not (place / PROJECT_FILE).is_file() and is_flat(root):
        tally = Tally()
        scan_flat(index, root, project.dataset, tally)
        left_out = tally.entries()
        output.problems(_named(left_out, root), as_lines=False)
    else:
        scan = scan_folder(index, root, project.dataset, scan_progress(output))
        stopped, left_out = blocking(scan.problems), scan.left_out
        output.problems((*scan.problems, *scan.notes), as_lines=bool(stopped))
        if stopped:
            return None
    if index.count():
        return _named(left_out, root)
    text = Text("There are no pictures in {path}. Choose another folder.", "No hay imágenes en {path}. Elija otra carpeta.")
    output.problems([error("no_pictures", text.fill(path=root), "dataset", path=root)])
    return None


def _named(left_out: tuple[LeftOut, ...], root: Path) -> tuple[Problem, ...]:
    return tuple(left_out_problem(entry, root) for entry in left_out)


def _compute_embedding(place: Path, project: Project, index: Index, root: Path, output: Output) -> Embedding | None:
    """The embedding of the pictures; if it cannot be computed that is reported, and the audit continues."""
    # Imported on use, since it takes long.
    from cnnstudio.cli.jobs import report_progress, run_job
    from cnnstudio.core import events
    from cnnstudio.workers.embedding_jobs import embedding_job

    # Outliers and labels need no map: its layout would take the longest.
    job = embedding_job(place, project, index, root, layout="pca")
    last = run_job(job, output, lambda event: report_progress(event, output))
    if isinstance(last, events.Finished):
        embedding = read_embedding(Path(job.target))
        for note in embedding.notes:
            output.print_message(str(note))
        return embedding
    if isinstance(last, events.Failed):
        output.problems([last.problem], as_lines=False)
        output.print_message(tr("Outliers and labels were not checked.", "No se revisaron las atípicas ni las etiquetas."))
    return None


def _print_summary(findings: Iterable[stored.Finding], images: int, left_out: tuple[Problem, ...], output: Output) -> None:
    counts: Counter[str] = Counter()
    for item in findings:
        counts[item.kind] += 1
        output.line({"kind": item.kind, "path": item.path, "others": list(item.others), "score": round(item.score, 4),
                     "severity": item.severity, "text": item.text},
                    on_one_line(f"{KINDS[item.kind].label}: {item.path}: {item.text}"))
    counted = ", ".join(f"{KINDS[kind].label} {number}" for kind, number in counts.most_common())
    more = {"left_out": [problem.facts["left_out"] for problem in left_out]} if left_out else {}
    output.line({"event": "summary", "images": images, "counts": dict(counts), **more},
                tr("Pictures: {images}. Findings: {told}", "Imágenes: {images}. Hallazgos: {told}", images=images,
                   told=counted or tr("none", "ninguno")))
