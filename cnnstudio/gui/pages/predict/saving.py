"""Saving the answers as a table: all of them, those that are shown, or the selected ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Session

KIND = "answer-table"


def ask_table_path(session: Session, parent: QWidget, name: str) -> Path | None:
    """Ask where to save a table, in which format its ending says; None where the user cancelled."""
    from cnnstudio.datasets.sources.tables import TABLE_FORMATS

    kinds = ";;".join(f"{entry.label} (*.{entry.id})" for entry in TABLE_FORMATS)
    return ask_save_path(session, parent, tr("Save as a table", "Guardar como tabla"), f"{name}.csv", kinds,
                         [entry.id for entry in TABLE_FORMATS])


def save_table(session: Session, path: Path, rows: Sequence[Answer], names: Sequence[str], owner: QObject) -> Work:
    """Write the table in a thread, with the columns of `cnnstudio predict --to`; a problem is reported."""
    with_doubt = any(answer.tells_doubt for answer in rows)
    corrections = {answer.path: answer.corrected for answer in rows if answer.corrected}
    kept = list(rows)

    def done(job: Work) -> None:
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        elif job.result is not None:
            report_saved(session, path, opens=True)

    return session.jobs.run(lambda report: _write(path, kept, tuple(names), with_doubt, corrections, report),
                            Text("Saving {name}", "Guardando {name}").fill(name=path.name), KIND, page="predict", done=done,
                            owner=owner)


def _write(path: Path, rows: Sequence[Answer], names: Sequence[str], with_doubt: bool, corrections: Mapping[str, str],
           report: Report) -> Any:
    from cnnstudio.workers.answer_tables import write_answers

    with write_answers(path, names, with_doubt=with_doubt, corrected=corrections or None) as add:
        for number, row in enumerate(rows):
            if number % 256 == 0:
                # A table that was cancelled leaves the earlier one as it was.
                report.check()
                report.progress(number, len(rows))
            prediction = row.prediction
            if prediction is not None:
                add(prediction)
    return path
