"""Real pictures to compare engines on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine.model_card import Card
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular


def real_samples(path: Path, card: Card) -> np.ndarray | None:
    """Prepared pictures: from the bundle, or from the training if they still exist."""
    folder = path.parent
    paths: list[Path] = []
    if (folder / "samples").is_dir():
        paths = sorted((folder / "samples").iterdir())
    elif (folder / "manifest.jsonl").is_file():
        from cnnstudio.datasets.run_pictures import read_located
        from cnnstudio.workers.runs.folder import RunFolder

        try:
            manifest = read_located(folder / "manifest.jsonl", RunFolder(folder).project_folder)
        except ProblemError:
            return None
        step = max(1, len(manifest.entries) // 4)
        paths = [manifest.path(entry) for entry in manifest.entries[::step]]
    recipe = card.recipe.as_dictionary()
    result = []
    for picture in paths[:4]:
        try:
            result.append(prepare(read_regular(picture), recipe))
        except (OSError, PictureError):
            continue
    return np.stack(result) if result else None
