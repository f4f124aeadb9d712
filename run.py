#!/usr/bin/env python3
"""Set up and start CNN Studio, on a fresh machine with nothing but Python 3.11 or newer.

    python3 run.py                the window on the sample project; without a screen, the same in the terminal
    python3 run.py test           all tests and checks
    python3 run.py -- ARGS        the program with these arguments

It makes a virtual environment .venv beside itself once; a second start does no set-up again.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "resources" / "constraints.txt"
LIBRARIES = {
    "libegl1": "libEGL.so.1", "libgl1": "libGL.so.1", "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libdbus-1-3": "libdbus-1.so.3", "libfontconfig1": "libfontconfig.so.1", "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4", "libxcb-image0": "libxcb-image.so.0", "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-render-util0": "libxcb-render-util.so.0", "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0", "libxcb-randr0": "libxcb-randr.so.0",
}
"""Debian's packages that Qt needs, with the file that tells whether one is there."""
SCREEN = {"xvfb": "Xvfb", "xdotool": "xdotool"}
"""What the end-to-end test needs, with the command of each."""


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Set up what is missing, then start, test or pass on."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python is told so instead of failing later
        say(f"CNN Studio needs Python 3.11 or newer; this is {platform.python_version()}.")
        return 1
    testing = arguments[:1] == ["test"]
    if arguments and not testing and arguments[0] != "--":
        say(__doc__ or "")
        return 0 if arguments[0] in ("-h", "--help") else 2
    code = set_up(testing)
    if code:
        return code
    if testing:
        return subprocess.call([str(PYTHON), str(ROOT / "tests" / "run_all.py"), *arguments[1:]], cwd=ROOT)
    if arguments:
        return start([*arguments[1:]])
    if has_screen():
        return start(["--sample"])
    say("There is no screen: the sample project runs here in the terminal.")
    return start(["sample"])


def start(arguments: list[str]) -> int:
    """The program in the environment, from this checkout."""
    command = [str(PYTHON), "-m", "cnnstudio", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)}
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    sys.stderr.flush()
    return os.execve(command[0], command, environment)


def has_screen() -> bool:
    """Whether a window can be shown."""
    if os.name == "nt" or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def set_up(testing: bool) -> int:
    """The environment with all packages, and the system's libraries; nothing where all is there."""
    system_libraries(testing)
    stamp = ENVIRONMENT / (".ready-dev" if testing else ".ready")
    wanted = digest()
    ready = [ENVIRONMENT / ".ready-dev"] if testing else [ENVIRONMENT / ".ready-dev", ENVIRONMENT / ".ready"]
    if PYTHON.exists() and any(each.exists() and each.read_text() == wanted for each in ready):
        return 0
    if not PYTHON.exists():
        say(f"Making the virtual environment {ENVIRONMENT} ...")
        if subprocess.call([sys.executable, "-m", "venv", str(ENVIRONMENT)]):
            say("The virtual environment could not be made. On Debian and Ubuntu: apt-get install python3-venv")
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            return 1
    say("Installing what CNN Studio needs (TensorFlow is large: some minutes the first time) ...")
    extra = ".[dev]" if testing else "."
    if install("--editable", extra):
        say("The packages could not be installed; the lines above say why. Try again: what was downloaded is kept.")
        return 1
    stamp.write_text(wanted)
    return 0


def install(*wanted: str) -> int:
    """Install into the environment, in the versions of constraints.txt: with uv in a fifth of pip's time, and with pip
    where uv cannot be had or reaches no packages."""
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS)]
    # Unlike pip, uv compiles nothing by itself: where Python may write no bytecode, every process would compile TensorFlow.
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--compile-bytecode", "--python", str(PYTHON), "--constraint",
          str(CONSTRAINTS)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    has_uv = subprocess.call([*pip, "uv"], cwd=ROOT, **silent) == 0
    if has_uv and subprocess.call([*uv, *settings_of_pip(), *wanted], cwd=ROOT, **silent) == 0:
        return 0
    return subprocess.call([*pip, *wanted], cwd=ROOT)


def settings_of_pip() -> list[str]:
    """Where pip is told to look for packages, as options of uv, which does not read pip's configuration."""
    listed = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    options = ["--index-strategy", "unsafe-best-match"]  # as pip: the best version of all places
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in ("index-url", "extra-index-url", "find-links", "constraint"):
            for place in value.strip("'\"").split():
                if not place.startswith("file:") or Path(urlparse(place).path).exists():
                    options += [f"--{name}", place]
    return options


def digest() -> str:
    """Changes when the packages to install change."""
    content = (ROOT / "pyproject.toml").read_bytes() + CONSTRAINTS.read_bytes()
    return hashlib.sha256(content).hexdigest()


def system_libraries(testing: bool) -> None:
    """On Debian and Ubuntu, install what Qt (and the end-to-end test) needs if we may, else print the command."""
    if not sys.platform.startswith("linux") or shutil.which("apt-get") is None:
        return
    missing = [package for package, file in LIBRARIES.items() if not _has_library(file)]
    if testing:
        missing += [package for package, command in SCREEN.items() if shutil.which(command) is None]
    if not missing:
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        say(f"Installing system libraries: {' '.join(missing)}")
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.call(["apt-get", "update", "-qq"], **quiet)
        if subprocess.call(command, **quiet) == 0:
            return
    say(f"Qt may miss system libraries. This installs them:\n    sudo {' '.join(command)}")


def _has_library(file: str) -> bool:
    places = ("/usr/lib", "/lib", "/usr/lib64", "/usr/local/lib")
    machine = platform.machine() + "-linux-gnu"
    return any((Path(place) / part / file).exists() for place in places for part in ("", machine))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
