"""`cnnstudio calibrate`: a temperature and a reject option for the model of a run."""

from __future__ import annotations

import argparse
from typing import Any, Final

from cnnstudio.cli.evaluating import evaluate_run, option_text, rejection_text
from cnnstudio.cli.jobs import exit_code
from cnnstudio.cli.output import Output
from cnnstudio.core.calibration import Calibration
from cnnstudio.core.text import tr
from cnnstudio.evaluation.rejection import parse_rejection, rejection_figures
from cnnstudio.workers.runs.calibration import (
    CALIBRATED_ON,
    calibrate,
    has_answers,
    keep_calibration,
    kept_answers,
)
from cnnstudio.workers.runs.folder import RunFolder, find_run

NONE: Final = "none"
"""The word for no reject option."""


def calibrate_run(arguments: argparse.Namespace, output: Output) -> int:
    """Calibrate a run on its validation pictures, which are evaluated first where they were not; or remove what was set."""
    run = find_run(arguments.project, arguments.run)
    if arguments.remove:
        keep_calibration(run, None)
        output.line({"run": run.id, "temperature": 1.0, "rejection": None},
                    tr("{run}: the calibration and the reject option were removed.",
                       "{run}: se quitaron la calibración y la opción de rechazo.", run=run.id))
        return 0
    reject = None if arguments.reject in (None, NONE) else parse_rejection(arguments.reject)
    if not has_answers(run, CALIBRATED_ON):
        _event, last = evaluate_run(run, output, CALIBRATED_ON)
        if exit_code(last, output):
            return 1
    calibration = calibrate(run, temperature=not arguments.no_temperature, reject=reject,
                            keep_rejection=arguments.reject != NONE)
    _print(run, calibration, output)
    return 0


def _print(run: RunFolder, calibration: Calibration, output: Output) -> None:
    line: dict[str, Any] = {"run": run.id, "temperature": calibration.temperature, "rejection": calibration.rejection}
    lines = [tr("{run}: temperature {t:.3f}", "{run}: temperatura {t:.3f}", run=run.id, t=calibration.temperature)]
    fit = calibration.fit
    if fit is not None:
        line["fit"] = fit
        lines.append("  " + tr(
            "on {n:,} validation pictures: log loss {a:.4f} → {b:.4f}, calibration error {c:.4f} → {d:.4f}",
            "en {n:,} imágenes de validación: pérdida logarítmica {a:.4f} → {b:.4f}, error de calibración {c:.4f} → {d:.4f}",
            n=fit.images, a=fit.loss_before, b=fit.loss_after, c=fit.ece_before, d=fit.ece_after))
    if calibration.rejection is not None:
        figures = rejection_figures(kept_answers(run, CALIBRATED_ON).calibrated(calibration), calibration.rejection)
        line["rejection_figures"] = figures
        lines.append("  " + option_text(calibration.rejection.kind, calibration.rejection.level) + ": "
                     + rejection_text(figures))
    output.line(line, "\n".join(lines))
