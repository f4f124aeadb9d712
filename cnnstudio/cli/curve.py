"""`cnnstudio curve`: how the accuracy grows with the number of training pictures, and what more of them would bring."""

from __future__ import annotations

import argparse
from typing import Any

from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.text import format_number, tr
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, ExpectedGain
from cnnstudio.workers.runs.folder import find_run
from cnnstudio.workers.trial_setup import curve_job


def curve(arguments: argparse.Namespace, output: Output) -> int:
    """A line for each training, and one with the expected gain."""
    run = find_run(arguments.project, arguments.run)

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, CurvePoint):
            low, high = (format_number(value, ".1%") for value in event.interval)
            output.line({"run": event.run, "split": event.split, "pictures": event.pictures, "accuracy": event.accuracy,
                         "interval": list(event.interval), "of": event.of, "seed": event.seed},
                        tr("{n:,} training pictures: {accuracy} ({low} – {high})",
                           "{n:,} imágenes de entrenamiento: {accuracy} ({low} – {high})", n=event.pictures,
                           accuracy=format_number(event.accuracy, ".1%"), low=low, high=high))
        elif isinstance(event, CurveFitted):
            output.line({"run": event.run, "split": event.split, "expected": _plain(event.expected),
                         "classes": {name: _plain(gain) for name, gain in event.classes}}, _text(event))

    job = curve_job(run, arguments.split or "", arguments.repeats)
    return exit_code(run_job(job, output, handle), output)


def _plain(gain: ExpectedGain | None) -> dict[str, Any] | None:
    return None if gain is None else {"pictures": gain.pictures, "accuracy": gain.accuracy, "gain": gain.gain,
                                      "interval": list(gain.interval)}


def _text(event: CurveFitted) -> str:
    if event.expected is None:
        return tr("Too few different numbers of pictures for a curve.",
                  "Hay muy pocos números de imágenes distintos para una curva.")
    lines = [tr("with twice as many ({n:,}): {change}", "con el doble ({n:,}): {change}", n=event.expected.pictures,
                change=_change(event.expected))]
    width = max(len(name) for name, _gain in event.classes)
    lines += [f"  {name:<{width}}  {_change(gain)}" for name, gain in event.classes if gain is not None]
    return "\n".join(lines)


def _change(gain: ExpectedGain) -> str:
    low, high, change = (format_number(100 * value, "+.1f") for value in (*gain.interval, gain.gain))
    return tr("{accuracy} expected, {change} points ({low} to {high})",
              "{accuracy} previsto, {change} puntos (de {low} a {high})", accuracy=format_number(gain.accuracy, ".1%"),
              change=change, low=low, high=high)
