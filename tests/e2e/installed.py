"""The main job in an installed program, as its user does it: `python -m tests.e2e.installed /usr/bin/cnnstudio`.

Starts its own X server and session bus, a home of its own, and drives the window by real clicks and keys on what a screen
reader sees; then every step of the command line. Needs Xvfb, xdotool, dbus-run-session, at-spi2-core and jeepney. Prints a
line for each step and exits 0 or 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.datasets.sample import write_digits
from tests.e2e.accessible import Screen, focus, xdo

_INSIDE = "CNNSTUDIO_E2E_INSIDE"
_FEW = 30
_TRAINING_SECONDS = 600.0
_WORDS = {
    "en": {"sample": "Open the sample project", "train": "Train", "start": "Start training", "next": "Next: Evaluate",
           "predict": "Predict", "files": "Choose files…", "skip": "Skip"},
    "es": {"sample": "Abrir el proyecto de ejemplo", "train": "Entrenar", "start": "Empezar a entrenar",
           "next": "Siguiente: Evaluar",
           "predict": "Predecir", "files": "Elegir archivos…", "skip": "Omitir"},
}
"""What stands on the parts that are clicked."""


class StepError(Exception):
    """A step that did not do what it should."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print how a step went."""
    start = time.monotonic()
    try:
        yield
    except Exception as err:
        print(f"FAILED {name}: {err}", flush=True)
        raise
    print(f"ok     {name} ({time.monotonic() - start:.1f} s)", flush=True)


def environment_in(home: Path, language: str) -> dict[str, str]:
    """Nothing of the user's own: a home of its own, and no Python of this test."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("CNNSTUDIO_", "XDG_", "PYTHON", "QT_", "KERAS_", "VIRTUAL_ENV"))}
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "LANG": "C.UTF-8",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "LC_ALL": f"{language}_{language.upper()}.UTF-8"}


def drive_window(program: list[str], home: Path, picture: Path, language: str, shots: Path | None) -> str:
    """Open the sample, train, open a picture on Predict, read the answer, close; returns the answer."""
    words, screen = _WORDS[language], Screen()

    def shoot(name: str) -> None:
        if shots is not None:
            shots.mkdir(parents=True, exist_ok=True)
            subprocess.run(["import", "-window", "root", shots / f"{name}-{language}.png"], check=False)

    log = (home / "window.log").open("w+")
    with step("the window opens"):
        window = subprocess.Popen(program, env=environment_in(home, language), stdout=log, stderr=subprocess.STDOUT)
        screen.until(lambda: screen.find(words["sample"]), "no window")
        shoot("start")
    try:
        with step("the tour is skipped"):
            screen.click(words["skip"])
        with step("the sample opens"):
            screen.click(words["sample"])
            screen.until(lambda: any(part.name.endswith(" – CNN Studio") for part in screen.parts()), "no project in the title")
        with step("it is trained"):
            screen.click(words["train"])
            screen.click(words["start"], seconds=120)
            screen.until(lambda: screen.find(words["next"]), "the training does not end", _TRAINING_SECONDS)
            shoot("train")
        with step("a picture is opened and answered"):
            screen.click(words["predict"])
            screen.click(words["files"])
            time.sleep(2.0)
            xdo("type", "--delay", "40", str(picture))
            # The dialog proposes files while the name is typed: Enter before they have come would take one of them.
            time.sleep(1.0)
            xdo("key", "Return")
            answer = screen.until(lambda: next((part.name for part in screen.parts() if re.match(
                r"\d \d+[.,]?\d*\s?%", part.name.replace("\u202f", " "))), ""), "no answer")
            shoot("predict")
        with step("the window closes"):
            focus("CNN Studio")
            xdo("key", "ctrl+q")
            window.wait(60)
    finally:
        if window.poll() is None:
            window.kill()
    log.seek(0)
    written = log.read()
    if window.returncode or "Traceback" in written:
        raise StepError(f"code {window.returncode}: {written[-2000:]}")
    return str(answer)


def run(program: list[str], home: Path, *arguments: object, code: int = 0) -> list[dict[str, object]]:
    """A command of the installed program; the JSON objects that it printed."""
    done = subprocess.run([*program, *map(str, arguments), "--json"], env=environment_in(home, "en"), cwd=home, check=False,
                          capture_output=True, text=True, timeout=900)
    if done.returncode != code:
        raise StepError(f"code {done.returncode}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def drive_commands(program: list[str], home: Path, pictures: Path) -> None:
    """Every step of the command line, each format of export included."""
    project, picture = home / "a project ñ", next(pictures.glob("*/*.png"))
    with step("new"):
        run(program, home, "new", project, "--data", pictures, "--template", "lenet5", "--set", "training.epochs=2")
    for name in ("check", "show", "train", "evaluate", "runs", "measure"):
        with step(name):
            run(program, home, name, project)
    with step("predict"):
        run(program, home, "predict", project, picture)
    for entry in EXPORTERS:
        with step(f"export --format {entry.id}"):
            target = home / "exports" / f"{entry.id}{entry.suffix}"
            try:
                run(program, home, "export", project, "--format", entry.id, "--to", target)
            except StepError as err:
                # What the user has to add is no fault of the package; the message must say how.
                if not entry.libraries or "doctor --install" not in str(err):
                    raise
                print(f"       {entry.id}: its library has to be added first", flush=True)
    with step("the exported bundle answers"):
        run(program, home, "predict", home / "exports" / "bundle", picture)
    for framework in ("keras", "torch"):
        with step(f"code --framework {framework}"):
            run(program, home, "code", project, "--framework", framework, "--whole", "--to", home / framework / "train.py")
    for name, arguments in {"audit": (pictures,), "draw": (project, "--to", home / "network.svg"), "map": (pictures,),
                            "robustness": (project,), "doctor": (), "help": ("Conv2D",),
                            "search": (project, "--trials", 2, "--vary", "training.optimizer.learning_rate=0.0005:0.01:log",
                                       "--vary", "training.batch_size=32,64")}.items():
        with step(name):
            run(program, home, name, *arguments)


def main() -> int:
    """Drive the program of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the installed program, such as /usr/bin/cnnstudio")
    parser.add_argument("--language", choices=tuple(_WORDS), default="en")
    parser.add_argument("--shots", type=Path, help="keep pictures of the screen in this folder")
    parser.add_argument("--only", choices=("window", "commands"))
    chosen = parser.parse_args()
    if _INSIDE not in os.environ and chosen.only != "commands":
        server = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24", "dbus-run-session", "--"]
        return subprocess.call([*server, sys.executable, "-m", "tests.e2e.installed", *sys.argv[1:]],
                               env={**os.environ, _INSIDE: "1"})
    program = [str(Path(chosen.program).absolute()) if "/" in chosen.program else chosen.program]
    with tempfile.TemporaryDirectory(prefix="cnnstudio e2e ñ ", ignore_cleanup_errors=True) as temporary:
        home = Path(temporary)
        whole = write_digits(home / "digits", _FEW)
        picture = next((whole / "7").glob("*.png"))
        try:
            with step("selfcheck"):
                wrong = [line for line in run(program, home, "selfcheck") if not line.get("ok")]
                if wrong:
                    raise StepError(str(wrong))
            if chosen.only != "commands":
                print(f"answer: {drive_window(program, home, picture, chosen.language, chosen.shots)}", flush=True)
            if chosen.only != "window":
                drive_commands(program, home, whole)
        except (StepError, TimeoutError, subprocess.SubprocessError):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
