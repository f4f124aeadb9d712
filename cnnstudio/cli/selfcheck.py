"""`cnnstudio selfcheck`: is this installation whole? Every installer is tested with it.

Nothing here repairs anything, and nothing of the user's is touched: the training happens in a temporary folder.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cnnstudio import __version__
from cnnstudio.catalog.bases import BASES
from cnnstudio.cli.jobs import run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.reference_pages import sections
from cnnstudio.core import events, guide, jobs
from cnnstudio.core.commands import Predict, Stop
from cnnstudio.core.edits import set_field
from cnnstudio.core.places import cache_folder, config_folder, document, is_frozen, log_folder, resource
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import LANGUAGES, language, set_language, tr
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.sample import write_digits
from cnnstudio.learning.course.reading import LESSONS, course
from cnnstudio.workers.job_setup import prepare_training, serving_job
from cnnstudio.workers.supervisor import Supervisor

_SECONDS: Final = 120
"""How long the window may take on a slow disk."""
_LIBRARIES: Final = ("keras", "numpy", "opencv-python-headless", "PySide6-Essentials", "pillow", "msgspec")
_RESOURCES: Final = (
    "constraints.txt", "fonts/Inter-Regular.otf", "fonts/Inter-Medium.otf", "fonts/Inter-SemiBold.otf", "guide/contents.toml",
    "icons/cnnstudio.svg", "sample/digits.npz", "service/service.css", "service/service.js", "templates/audit.css",
    "templates/audit.html", "templates/run.css", "templates/run.html", "templates/service.html", "templates/service_docs.html")
_LICENCES: Final = ("fonts/Inter-OFL.txt", "sample/LICENSE.txt", "weights/efficientnet_lite0.LICENSE.txt")


class Check(NamedTuple):
    """The result of one check, with a text for people."""

    ok: bool
    text: str


def selfcheck(_arguments: argparse.Namespace, output: Output) -> int:
    """Run every check and print a line for each; 0 if all are well, else 1."""
    well = True
    for name, check in _CHECKS.items():
        try:
            result = check(output)
        except ProblemError as problem_error:
            result = Check(False, " ".join(str(problem.text) for problem in problem_error.problems))
        except OSError as os_error:
            result = Check(False, f"{os_error.filename or '?'}: {reason_of(os_error)}")
        well = well and result.ok
        mark = tr("ok", "bien") if result.ok else tr("FAILED", "FALLO")
        output.line({"check": name, "ok": result.ok, "text": result.text}, f"{mark:<6} {name}: {result.text}")
    return 0 if well else 1


def _versions(_output: Output) -> Check:
    found = {}
    for package in _LIBRARIES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return Check(False, tr("{package} is not installed", "{package} no está instalado", package=package))
    listed = ", ".join(f"{name} {version}" for name, version in found.items())
    kind = tr("installed program", "programa instalado") if is_frozen() else tr("Python package", "paquete de Python")
    machine = f"Python {platform.python_version()}, {platform.platform()}"
    return Check(True, f"CNN Studio {__version__} ({kind}), {machine}, {listed}")


def _registries(_output: Output) -> Check:
    """The entries that are here against those of the reference, which the source tree keeps equal to its registries."""
    chosen = language()
    set_language("en")
    try:
        here = {str(section.title): len(section.registry) for section in sections()}
        there = documented_counts(document("reference.md").read_text("utf-8"))
    finally:
        set_language(chosen)
    differing = [f"{title}: {here.get(title, 0)} / {there.get(title, 0)}" for title in here | there
                 if here.get(title) != there.get(title)]
    if differing:
        return Check(False, tr("entries here / in the reference: {list}", "entradas aquí / en la referencia: {list}",
                               list="; ".join(differing)))
    return Check(True, tr("{n} entries in {registries} registries, as in the reference",
                          "{n} entradas en {registries} registros, como en la referencia", n=sum(here.values()),
                          registries=len(here)))


def documented_counts(reference: str) -> dict[str, int]:
    """How many entries each section of the reference describes."""
    counts: dict[str, int] = {}
    title = ""
    for mark, heading in re.findall(r"^(##|###) (.+)$", reference, re.MULTILINE):
        if mark == "##":
            title = heading
            counts[title] = 0
        else:
            counts[title] += 1
    return counts


def _resources(_output: Output) -> Check:
    weights = [f"weights/{base.weights.resource}" for base in BASES if base.weights.bundled]
    texts = [f"guide/{code}/{name}.md" for code in LANGUAGES for name in ("index", *(place.name for place in guide.contents()))]
    names = (*_RESOURCES, *weights, *texts)
    missing = [name for name in names if not _holds_something(resource(name))]
    numbers = {lesson.number for lesson in course()}
    missing += [f"lessons/{number:02d}-*" for number in range(1, LESSONS + 1) if number not in numbers]
    if missing:
        return Check(False, tr("missing: {list}", "falta: {list}", list=", ".join(missing)))
    return Check(True, tr("{n} files in {folder}", "{n} archivos en {folder}", folder=resource(),
                          n=sum(1 for file in resource().rglob("*") if file.is_file())))


def _licences(_output: Output) -> Check:
    missing = [name for name in _LICENCES if not _holds_something(resource(name))]
    if "Apache License" not in program_licence():
        missing.append("LICENSE")
    if is_frozen() and not _holds_something(resource("THIRD-PARTY.txt")):
        missing.append("THIRD-PARTY.txt")
    if missing:
        return Check(False, tr("missing: {list}", "falta: {list}", list=", ".join(missing)))
    return Check(True, tr("the program's and those of what comes along", "la del programa y las de lo que incluye"))


def program_licence() -> str:
    """The licence of the program: beside a checkout, else in the metadata of the installed package; "" without one."""
    checkout = resource().parent / "LICENSE"
    if checkout.is_file():
        return checkout.read_text("utf-8")
    try:
        return importlib.metadata.distribution("cnnstudio").read_text("licenses/LICENSE") or ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _folders(_output: Output) -> Check:
    folders = (cache_folder(), config_folder(), log_folder())
    refused = []
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as os_error:
            refused.append(f"{folder}: {reason_of(os_error)}")
    if refused:
        return Check(False, tr("cannot be written: {list}", "no se puede escribir: {list}", list="; ".join(refused)))
    return Check(True, tr("can be written: {list}", "se puede escribir: {list}", list=", ".join(map(str, folders))))


def _window(_output: Output) -> Check:
    """In a process of its own: a Qt without a usable platform plugin aborts."""
    environment = dict(os.environ)
    if sys.platform == "linux" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable] if is_frozen() else [sys.executable, "-m", "cnnstudio"]
    try:
        done = subprocess.run([*command, "--check-window"], env=environment, capture_output=True, timeout=_SECONDS,
                              check=False, text=True, encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        return Check(False, tr("the window does not appear within {n} seconds", "la ventana no aparece en {n} segundos",
                               n=_SECONDS))
    try:
        shown = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    except ValueError:
        shown = {}
    if done.returncode or not (shown.get("icon") and shown.get("font")):
        return Check(False, tr("the window does not open (code {code}): {output}",
                               "la ventana no se abre (código {code}): {output}", code=done.returncode,
                               output=" | ".join((done.stderr or done.stdout).strip().splitlines()[-6:])))
    return Check(True, tr("Qt {qt} shows it on the platform {platform}, {n} pages load",
                          "Qt {qt} la muestra en la plataforma {platform}, cargan {n} páginas", qt=shown["qt"],
                          platform=shown["platform"], n=shown["pages"]))


def _child(output: Output) -> Check:
    """A child trains LeNet-5 for one step on a few digits, and another one predicts with the result."""
    with tempfile.TemporaryDirectory(prefix="cnnstudio-selfcheck-") as temporary:
        folder = Path(temporary) / "project"
        pictures = write_digits(Path(temporary) / "digits", 8)
        created, index = create_project(folder, pictures, template="lenet5")
        try:
            project = set_field(created.project, "training", "epochs", 1)
            project = set_field(project, "training", "batch_size", 128)
            run, job = prepare_training(folder, project, index)
        finally:
            index.close()
        last = run_job(msgspec.structs.replace(job, cache=str(Path(temporary) / "cache")), output, lambda _event: None)
        if isinstance(last, events.Failed):
            return Check(False, tr("training: {text}", "entrenamiento: {text}", text=last.problem.text))
        picture = next(pictures.glob("*/*.png"))
        answers: list[jobs.Prediction] = []
        engines: list[str] = []

        def handle(event: events.Event) -> None:
            if isinstance(event, jobs.Ready):
                engines.append(event.engine)
                supervisor.send(Predict(request=1, paths=(str(picture),), top=1))
            elif isinstance(event, jobs.Prediction):
                answers.append(event)
            elif isinstance(event, jobs.Answered):
                supervisor.send(Stop(keep=False))

        serving = serving_job(folder, run.id)
        supervisor = Supervisor(msgspec.structs.replace(serving, cache=str(Path(temporary) / "cache")), handle)
        last = supervisor.run()
    if isinstance(last, events.Failed):
        return Check(False, tr("prediction: {text}", "predicción: {text}", text=last.problem.text))
    if not answers or answers[0].problem is not None or not answers[0].top:
        return Check(False, tr("prediction: no answer", "predicción: sin respuesta"))
    return Check(True, tr("one step trained, a picture answered by {engine}",
                          "un paso entrenado, una imagen respondida por {engine}", engine=engines[0]))


_CHECKS: Final[dict[str, Callable[[Output], Check]]] = {
    "versions": _versions, "registries": _registries, "resources": _resources, "licences": _licences, "folders": _folders,
    "window": _window, "child": _child,
}
