"""All checks and tests, in the order in which they fail quickest; exits non-zero when any fails."""

from __future__ import annotations

import os
import subprocess
import sys
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


def main() -> int:
    failed = []
    for name, command in CHECKS:
        print(f"== {name}", flush=True)
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    given = sys.argv[1:]
    for name, paths in PARTS if all(each.startswith("-") for each in given) else (("tests", []),):
        print(f"== {name}", flush=True)
        if subprocess.call([sys.executable, "-m", "pytest", "-q", *paths, *given], cwd=ROOT, env=environment):
            failed.append(name)
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
