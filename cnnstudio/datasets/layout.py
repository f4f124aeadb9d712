"""The layout of a folder of pictures: class folders, or split folders with class folders inside."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import SPLITS, DatasetSpec, Split
from cnnstudio.imaging.formats import SUFFIXES
from cnnstudio.imaging.picture_files import is_system

MANIFESTS: Final = frozenset({".csv", ".tsv", ".parquet"})
"""Suffixes of manifests."""

_SPLIT_WORDS: Final[dict[str, Split]] = {
    "train": "train", "training": "train", "trn": "train", "entrenamiento": "train", "entreno": "train",
    "entrainement": "train", "treino": "train", "trainset": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "validacion": "validation",
    "validacao": "validation", "dev": "validation", "valset": "validation",
    "test": "test", "testing": "test", "prueba": "test", "pruebas": "test", "testset": "test", "teste": "test",
}


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """`roots`: the folders that hold class folders, each with the split it stands for (None: no split)."""

    roots: tuple[tuple[str, Split | None], ...]

    @property
    def has_splits(self) -> bool:
        return any(split is not None for _root, split in self.roots)


def plain(name: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", name.strip().lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def is_picture(name: str) -> bool:
    """Whether a file's ending is one of pictures; the scan looks into the others."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def is_manifest(source: Path) -> bool:
    """Whether a source is a manifest; it need not exist."""
    return source.suffix.lower() in MANIFESTS and not source.is_dir()


def root_of(source: Path) -> Path:
    """The folder that paths of a source are relative to: for a manifest its own folder."""
    return source.parent if is_manifest(source) else source


def find_split(name: str) -> Split | None:
    """The split with that usual name, in several languages; None for another name."""
    return _SPLIT_WORDS.get(plain(name))


def split_of_folder(name: str, spec: DatasetSpec) -> Split | None:
    """The split of a folder by its name: one of the user's names or the usual ones."""
    for split in SPLITS:
        chosen = getattr(spec.split_folders, split)
        if chosen:
            if name == chosen:
                return split
        elif find_split(name) == split:
            return split
    return None


def subfolders(folder: Path, follow_links: bool) -> list[str]:
    """Names of the visible subfolders, sorted; raises OSError."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries
                      if not entry.name.startswith(".") and not is_system(entry.name)
                      and entry.is_dir(follow_symlinks=follow_links))


def find_layout(root: Path, spec: DatasetSpec) -> Layout:
    """The layout of `root`; raises OSError when it cannot be listed.

    Split folders count only if one of them is for training and holds folders itself: a class may be
    called "test" too.
    """
    result: list[tuple[str, Split | None]] = []
    for name in subfolders(root, spec.follow_links):
        split = split_of_folder(name, spec)
        if split is not None:
            try:
                if subfolders(root / name, spec.follow_links):
                    result.append((name, split))
            except OSError:
                continue
    if any(split == "train" for _name, split in result):
        return Layout(roots=tuple(result))
    return Layout(roots=(("", None),))
