"""Which list has the pictures of an evaluation of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.workers.runs.folder import RunFolder

DATA: Final = "data"
"""The split's name of an evaluation on other class folders, or on a list."""
SCENARIOS: Final = "scenarios"
"""That of the pictures of scenarios that no split of the run has an answer for."""


def evaluated_manifest(run: RunFolder, split: str) -> Path:
    """The path of the list of the pictures of a split, or of an evaluation on others."""
    if split in (DATA, SCENARIOS):
        return run.folder / f"evaluation-{split}.manifest.jsonl"
    return run.manifest_path
