"""`cnnstudio grade`: the hand-ins of a folder as a table."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from cnnstudio.cli.assignments import read_passphrase
from cnnstudio.cli.jobs import run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.targets import check_target
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.text import format_number, on_one_line, tr
from cnnstudio.learning.assignments.grading.grade import grade_folder
from cnnstudio.learning.assignments.grading.marks import VERDICTS, Line
from cnnstudio.learning.assignments.grading.table import table_bytes
from cnnstudio.learning.assignments.key import open_key

_OWN_TABLE: Final = re.compile(rb"(file,student,verdict|archivo,estudiante,resultado),")


def grade(arguments: argparse.Namespace, output: Output) -> int:
    """Exit code 0 where every hand-in could be graded, 1 where one could not be read."""
    if arguments.to is not None:
        check_target(arguments.to, arguments.force, _OWN_TABLE)
    passphrase = "" if arguments.passphrase_file is None else read_passphrase(arguments.passphrase_file)

    def evaluate(job: Evaluate) -> tuple[Evaluated | None, Event]:
        found: list[Evaluated] = []
        last = run_job(job, output, lambda event: found.append(event) if isinstance(event, Evaluated) else None)
        return (found[0] if found else None), last

    def progress(done: int, total: int) -> None:
        output.progress(tr("hand-in {done} of {total}", "entrega {done} de {total}", done=done, total=total), at_once=True)

    with open_key(arguments.key, passphrase) as key:
        lines = grade_folder(arguments.folder, key, evaluate, progress)
    output.clear_progress()
    for line in lines:
        output.line(_fields(line), "\n".join(_texts(line)))
    if arguments.to is not None:
        write_atomically(arguments.to, table_bytes(lines))
        output.print_message(tr("Table: {path}", "Tabla: {path}", path=arguments.to))
    return int(any(line.verdict == "unreadable" for line in lines))


def _fields(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__struct_fields__}


def _texts(line: Line) -> list[str]:
    head = f"{on_one_line(line.file)}: {VERDICTS[line.verdict]}"
    if line.student:
        head += f"  {on_one_line(line.student)}"
    if line.value is not None:
        head += f"  {line.metric} {format_number(line.value, '.4f')}"
    if line.interval is not None:
        head += tr(" (95%: {low:.4f} to {high:.4f})", " (95 %: {low:.4f} a {high:.4f})", low=line.interval[0],
                   high=line.interval[1])
    signs = {"ok": "✓", "note": "·", "wrong": "✗"}
    return [head, *(f"  {signs[mark.level]} {mark.label}: {mark.text}" for mark in line.marks)]
