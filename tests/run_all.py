"""All checks and tests, in the order in which they fail quickest; exits non-zero when any fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = (
    ("lint", [str(BIN / "ruff"), "check", "."]),
    ("types", [sys.executable, "-m", "mypy"]),
    ("import contracts", [str(BIN / "lint-imports")]),
)

PARTS = (
    ("tests of the engine", ["tests/engine"]),
    ("all other tests", ["tests", "--ignore=tests/engine"]),
)
"""Keras and PyTorch never share a process with the window: not in the program, and not here."""


FINISHED = "CNNSTUDIO_TESTS_FINISHED"
"""Names the file that `conftest.py` makes when all tests of a process were run."""


def run_tests(arguments: list[str]) -> int:
    """The exit code of pytest. A process that dies or hangs before its tests are over tells nothing of them: its last
    words are printed, and it gets one more chance; a fault of ours would be there again."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    code = 1
    for attempt in ("first", "second"):
        with tempfile.TemporaryDirectory() as folder:
            finished = Path(folder) / "finished"
            code = subprocess.call([sys.executable, "-m", "pytest", "-q", *arguments], cwd=ROOT,
                                   env={**environment, FINISHED: str(finished)})
            if code == 0 or finished.exists():
                return code
        print(f"The process of the tests ended before them (exit code {code}, {attempt} attempt).", flush=True)
    return code


def main() -> int:
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    given = sys.argv[1:]
    for name, paths in PARTS if all(each.startswith("-") for each in given) else (("tests", []),):
        print(f"== {name}", flush=True)
        if run_tests([*paths, *given]):
            failed.append(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
