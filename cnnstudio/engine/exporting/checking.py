"""The comparison of an export with the trained model: the export answers in a child process of its own."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.events import Event, Failed, Progress, Stopped
from cnnstudio.core.export_jobs import Export, ExportCheck, Share, Verified, Verify
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting.pictures import CheckPictures
from cnnstudio.workers.link import Link
from cnnstudio.workers.supervisor import Supervisor

_TURN: Final = 0.1
"""Seconds between two looks at whether the user cancelled."""


def answer_in_child(entry: Exporter, path: Path, pictures: list[Path], job: Export, link: Link) -> tuple[np.ndarray, Verified]:
    """The answers (n, classes) of the export at `path`, and what was measured meanwhile. Raises ProblemError, and StopRequested
    where the user cancels."""
    measured: list[Verified] = []

    def pass_on(event: Event) -> None:
        if isinstance(event, Verified):
            measured.append(event)
        elif isinstance(event, Progress):
            link.emit(event)

    with tempfile.TemporaryDirectory(prefix="cnnstudio-verify-") as folder:
        answers = Path(folder) / "answers.npy"
        verify = Verify(path=str(path), format=entry.id, pictures=tuple(map(str, pictures)), answers=str(answers),
                        backend=job.backend, device="cpu" if "cpu" in entry.devices else job.device, cache=job.cache,
                        language=job.language)
        last = run_watched(Supervisor(verify, pass_on), link)
        link.check()
        if isinstance(last, Failed):
            raise ProblemError(_not_reopened(entry, last.problem))
        if isinstance(last, Stopped) or not measured:
            raise ProblemError(_not_reopened(entry, None))
        return np.load(answers, allow_pickle=False), measured[0]


def run_watched(supervisor: Supervisor, link: Link) -> Event:
    """Run a job of this job; it is cancelled with it."""
    result: list[Event] = []
    thread = threading.Thread(target=lambda: result.append(supervisor.run()), daemon=True, name="verify")
    thread.start()
    cancelled = False
    while thread.is_alive():
        thread.join(_TURN)
        if link.stop is not None and not cancelled:
            cancelled = True
            supervisor.cancel(keep=False)
    return result[0]


def compare(answers: np.ndarray, wanted: np.ndarray, pictures: CheckPictures, job: Export, measured: Verified,
            size: int) -> ExportCheck:
    """The check of an export by its answers and those of the trained model, both (n, classes)."""
    same = answers.argmax(axis=1) == wanted.argmax(axis=1)
    differences = np.abs(answers.astype(np.float64) - wanted)
    if not np.isfinite(answers).all():
        differences = np.where(np.isfinite(differences), differences, 1.0)
    known = pictures.judged
    return ExportCheck(
        images=0 if job.unchecked else len(wanted), top1_agreement=float(same.mean()),
        max_abs_difference=float(differences.max()), mean_abs_difference=float(differences.mean()), unchecked=job.unchecked,
        data=job.data, labelled=int(known.sum()), held_out=pictures.held_out,
        accuracy=_accuracy(answers, pictures.labels, known), accuracy_before=_accuracy(wanted, pictures.labels, known),
        bytes=size, latency_ms=measured.latency_ms, latency_p95_ms=measured.latency_p95_ms,
        memory_bytes=measured.memory_bytes, runtime=measured.runtime, kept_in_float=job.keep_in_float)


def _accuracy(answers: np.ndarray, labels: np.ndarray, known: np.ndarray) -> Share | None:
    count = int(known.sum())
    if not count:
        return None
    value = float((answers.argmax(axis=1)[known] == labels[known]).mean())
    low, high = wilson_interval(value, count)
    return Share(value=value, low=low, high=high)


def is_equal(check: ExportCheck, entry: Exporter) -> bool:
    """Whether the export answers as the trained model does, within what its format promises."""
    mean = check.mean_abs_difference or 0.0
    return (check.top1_agreement >= entry.least_agreement and check.max_abs_difference <= entry.tolerance
            and mean <= entry.mean_tolerance)


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files of a folder but its samples."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and "samples" not in file.parts)


def differs_problem(check: ExportCheck, entry: Exporter) -> Problem:
    """The problem of an export that answers otherwise than the trained model."""
    text = Text("The export answers otherwise than the trained model and was not kept: the same class for {top} of {n} "
                "pictures, largest difference of probabilities {d:.1e} (allowed: {least} and {tolerance:.0e}). {advice}",
                "La exportación responde de otra forma que el modelo entrenado y no se conservó: la misma clase en {top} de "
                "{n} imágenes, diferencia máxima de probabilidades {d:.1e} (se permite: {least} y {tolerance:.0e}). {advice}")
    advice: Callable[[], Text] = (_float_advice if entry.precision != "float32" else
                                  _recipe_advice if entry.prepares_pictures else _bug_advice)
    return error("export_differs", text.fill(
        top=_percent(check.top1_agreement), n=check.images, d=check.max_abs_difference, least=_percent(entry.least_agreement),
        tolerance=entry.tolerance, advice=advice()), "project", field="format")


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _float_advice() -> Text:
    return Text("Keep the layers that lose most in float, or choose a format of more precision.",
                "Conserve en coma flotante las capas que más pierden o elija un formato de más precisión.")


def _recipe_advice() -> Text:
    return Text("Choose “ONNX”, and prepare the pictures as its example does.",
                "Elija «ONNX» y prepare las imágenes como hace su ejemplo.")


def _bug_advice() -> Text:
    return Text("Choose another format, and please report this.", "Elija otro formato e informe de esto, por favor.")


def _not_reopened(entry: Exporter, problem: Problem | None) -> Problem:
    """The problem of an export that its own runtime could not answer with."""
    if problem is not None and problem.code != "unexpected":
        return problem
    text = Text("{label}: the export was written, but its runtime could not answer with it, so it was not kept. Choose another "
                "format; the report says why.",
                "{label}: la exportación se escribió, pero su motor no pudo responder con ella, así que no se conservó. Elija "
                "otro formato; el informe dice por qué.")
    return error("export_not_reopened", text.fill(label=entry.label), "project", field="format",
                 details="" if problem is None else f"{problem.text.en}\n{problem.details}")
