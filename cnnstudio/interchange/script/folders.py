"""The folders of a script's splits as one collection: their common parent, with the names of the splits in it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.script.notes import Notes

_SPLITS: Final = ("train", "validation", "test")
_APART: Final = Text("it does not lie beside the folder of the training pictures",
                     "no está junto a la carpeta de las imágenes de entrenamiento")


def join_folders(folders: dict[str, tuple[str, int]], notes: Notes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """(the folders to read, fields of the dataset) for the folders of the splits, each with its line. Siblings are one
    collection, whose splits have the names of the folders."""
    train = folders.get("train")
    if train is None:
        return (), {}
    others = {split: folder for split, folder in folders.items() if split != "train" and folder[0] != train[0]}
    if not others:
        notes.take(train[1], "data", f'"{train[0]}"', "dataset.source")
        return (train[0],), {}
    parent = PurePosixPath(train[0].replace("\\", "/")).parent
    named: dict[str, str] = {"train": PurePosixPath(train[0].replace("\\", "/")).name}
    notes.take(train[1], "data", f'"{train[0]}"', "dataset.source, dataset.split_folders.train")
    for split, (folder, line) in others.items():
        path = PurePosixPath(folder.replace("\\", "/"))
        if path.parent == parent:
            named[split] = path.name
            notes.take(line, "data", f'"{folder}"', f"dataset.split_folders.{split}")
        else:
            notes.leave(line, "data", f'"{folder}"', _APART)
    if len(named) == 1:
        return (train[0],), {}
    return (str(parent),), {"split_folders": {name: named.get(name, "") for name in _SPLITS}}


def split_of(folder: str, place: int) -> str:
    """The split that the name of a folder tells, else its place among the folders."""
    name = PurePosixPath(folder.replace("\\", "/")).name.lower()
    if name.startswith("train") or name.startswith("entren"):
        return "train"
    if name.startswith(("val", "dev")):
        return "validation"
    if name.startswith(("test", "prueba", "eval")):
        return "test"
    return _SPLITS[min(place, 2)]
