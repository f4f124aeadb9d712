"""The command line in processes of its own, for benchmarks of whole trainings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.material import ROOT


class Commands:
    """Commands with a cache of their own, below `place`."""

    def __init__(self, place: Path) -> None:
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "CNNSTUDIO_CACHE": str(place / "cache"),
                             "CNNSTUDIO_CONFIG": str(place / "config"), "TF_CPP_MIN_LOG_LEVEL": "3"}

    def __call__(self, *arguments: object, may_fail: bool = False) -> list[dict[str, Any]]:
        """The lines of JSON that a command prints. Raises RuntimeError where it fails."""
        command = [sys.executable, "-m", "cnnstudio", *map(str, arguments), "--json", "--language", "en"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode and not may_fail:
            raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
