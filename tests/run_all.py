"""All checks and tests, one part more at once than there are cores, since each waits for children now and then; exits
non-zero when any fails.

    python tests/run_all.py [PATH] [PYTEST-OPTION...]

With a path only its tests run. What a part prints is shown when it ends, so that lines of two parts never mix.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest", "-q")


class Part(NamedTuple):
    """One process: its name, its command, and whether pytest's options are for it."""

    name: str
    command: tuple[str, ...]
    takes_options: bool = False


def tests(name: str, *paths: str) -> Part:
    return Part(name, (*PYTEST, *paths), takes_options=True)


CHECKS = (
    Part("lint", (str(BIN / "ruff"), "check", ".")),
    Part("types", (sys.executable, "-m", "mypy")),
    Part("import contracts", (str(BIN / "lint-imports"),)),
)
PARTS = (
    tests("tests of the pages", "tests/gui/pages"),
    tests("tests of the engine", "tests/engine", "--ignore=tests/engine/training"),
    tests("tests of the training", "tests/engine/training"),
    tests("tests of the command line", "tests/cli", "tests/workers"),
    tests("all other tests", "tests", *(f"--ignore=tests/{part}" for part in ("engine", "gui", "e2e", "cli", "workers"))),
    tests("tests of the window", "tests/e2e", "tests/gui", "--ignore=tests/gui/pages"),
    *CHECKS,
)
"""The longest first. Keras and PyTorch never share a process with the window: not in the program, and not here."""


def run(part: Part, options: list[str]) -> tuple[Part, int, str, float]:
    """The part, its exit code, what it printed and its seconds. A process that dies has failed, whatever it tested."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    # Hundreds of processes are started: each would compile the package anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        code = subprocess.call([*part.command, *(options if part.takes_options else ())], cwd=ROOT, env=environment,
                               stdout=output, stderr=subprocess.STDOUT)
        output.seek(0)
        return part, code, output.read().decode("utf-8", "replace"), time.monotonic() - begin


def main() -> int:
    given = sys.argv[1:]
    named = any(not word.startswith("-") for word in given)
    parts = (Part("tests", (*PYTEST, *given)), *CHECKS) if named else PARTS
    failed = []
    with ThreadPoolExecutor(min(3, 1 + (os.cpu_count() or 1))) as pool:
        for ended in as_completed([pool.submit(run, part, given) for part in parts]):
            part, code, printed, seconds = ended.result()
            print(f"== {part.name}: {seconds:.0f} s", flush=True)
            print(printed.rstrip(), flush=True)
            if code:
                failed.append(f"{part.name} (exit code {code})")
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
