"""Which pictures are in the cache already, without preparing any."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine.pixels import pixel_folder, stat_of
from cnnstudio.engine.store import Store


def pixel_names(paths: Sequence[Path], recipe: RecipeSpec, cache: Path) -> list[str]:
    """The content hashes of files whose pixels are kept; "" for the others."""
    folder = pixel_folder(cache, recipe)
    if not folder.is_dir():
        return [""] * len(paths)
    try:
        with closing(Store(folder, recipe.shape, "uint8")) as store:
            texts = [str(path) for path in paths]
            return store.find_rows(texts, [stat_of(path) for path in texts])[1]
    except (OSError, sqlite3.Error):
        return [""] * len(paths)


def kept_names(folder: Path, shape: tuple[int, ...]) -> set[str]:
    """The content hashes of files whose rows (float32) lie in a folder."""
    if not folder.is_dir():
        return set()
    try:
        with closing(Store(folder, shape, "float32")) as store:
            return store.names
    except (OSError, sqlite3.Error):
        return set()
