"""`cnnstudio report`: a run as one file for people without the program."""

from __future__ import annotations

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Final

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.reports import REPORT_SECTIONS
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.targets import WRITTEN_REPORT, check_target
from cnnstudio.core import events
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.reports.files import check_format, check_sections, write_run_report
from cnnstudio.workers.reports.run_report import default_split
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder, find_run

_DRAWER: Final = "cnnstudio.gui.pages.network.drawing"
"""By its dotted name, since hardly any command loads Qt."""


def report(arguments: argparse.Namespace, output: Output) -> int:
    """Write the report; a run without an evaluation is evaluated first. Exit code 1 where that failed, 2 for wrong input."""
    target: Path = arguments.to
    check_format(target)
    sections = check_sections(REPORT_SECTIONS.ids() if arguments.sections is None else [
        name.strip() for name in arguments.sections.split(",") if name.strip()])
    check_target(target, arguments.force, WRITTEN_REPORT)
    run = find_run(arguments.project, arguments.run)
    split, code = _evaluated_split(run, arguments.split or "", output)
    if code:
        return code
    write_run_report(target, run, split, _drawing(run) if "network" in sections else "", sections)
    output.line({"path": str(target), "run": run.id, "split": split, "sections": list(sections)},
                tr("Written to {path}.", "Escrito en {path}.", path=target))
    return 0


def _evaluated_split(run: RunFolder, split: str, output: Output) -> tuple[str, int]:
    """The split to report on, and the exit code of the evaluation that was needed for it (0 where none was)."""
    try:
        if not split:
            return default_split(run), 0
        calibrated_answers(run, split)
    except ProblemError as problem_error:
        if problem_error.problems[0].code not in ("no_answers", "damaged_answers"):
            raise
    else:
        return split, 0
    job = evaluation_job(run, split)
    last = run_job(job, output, lambda event: report_progress(event, output))
    return job.split, exit_code(last, output) if not isinstance(last, events.Stopped) else 1


def _drawing(run: RunFolder) -> str:
    """The network as SVG, as the canvas shows it."""
    project = run.spec()
    names = read_manifest(run.manifest_path).header.class_names
    context = context_of(project, max(2, len(names)), ProjectBases(run.project_folder))
    # A drawing needs no screen and must not open a window.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="cnnstudio-report-") as folder:
        path = Path(folder) / "network.svg"
        import_module(_DRAWER).write_drawing(project, context, path)
        text = path.read_text("utf-8")
    return text[text.index("<svg"):]
