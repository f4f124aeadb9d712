"""`cnnstudio shortcuts`: from how little of a picture its class can be told."""

from __future__ import annotations

import argparse

from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.text import format_number, tr
from cnnstudio.core.trial_jobs import ShortcutProbed
from cnnstudio.workers.runs.folder import find_run
from cnnstudio.workers.trial_setup import shortcuts_job


def shortcuts(arguments: argparse.Namespace, output: Output) -> int:
    """A line for each probe. Exit code 0 with or without suspicion; 1 where the job failed; 2 for wrong input."""
    run = find_run(arguments.project, arguments.run)
    first = True

    def handle(event: events.Event) -> None:
        nonlocal first
        report_progress(event, output)
        if not isinstance(event, ShortcutProbed):
            return
        if first:
            output.print_message(tr("{run}, {split}: the model {reference} of {n:,} pictures, chance {chance}",
                                    "{run}, {split}: el modelo, {reference} de {n:,} imágenes; azar, {chance}", run=run.id,
                                    split=event.split, n=event.pictures, reference=format_number(event.model, ".1%"),
                                    chance=format_number(event.chance, ".1%")))
            first = False
        output.line({"probe": event.probe, "accuracy": event.accuracy, "chance": event.chance,
                     "interval": list(event.interval), "suspicious": event.suspicious,
                     "model_accuracy": event.model_accuracy, "model": event.model, "reference": event.reference,
                     "pictures": event.pictures,
                     "split": event.split, "run": event.run}, _text(event))

    return exit_code(run_job(shortcuts_job(run, arguments.split or ""), output, handle), output)


def _text(event: ShortcutProbed) -> str:
    probe = SHORTCUTS[event.probe]
    low, high = (format_number(value, ".1%") for value in event.interval)
    line = f"{probe.label}: {format_number(event.accuracy, '.1%')} ({low} – {high})"
    if event.model_accuracy is not None:
        line += tr(", the model {accuracy}", ", el modelo {accuracy}",
                   accuracy=format_number(event.model_accuracy, ".1%"))
    return line + (f"\n  {tr('Suspicious.', 'Sospechoso.')} {probe.meaning}" if event.suspicious else "")
