"""Write arrays of pictures as class folders: find pictures and labels, and the range of the numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.dataset import Split
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_split, plain
from cnnstudio.datasets.sources.stacks import LARGEST_SIDE, Array, arrays_in, batches, is_idx_name, read_whole
from cnnstudio.datasets.sources.staging import Check, Names, OnProgress, new_folder, no_check, no_progress

_LABEL_WORDS: Final = frozenset({"y", "label", "labels", "target", "targets", "class", "classes", "etiqueta", "etiquetas",
                                 "clase", "clases", "ylabel"})
_NAME_WORDS: Final = frozenset({"names", "categories", "nombres", "classes", "labelnames", "classnames", "targetnames"})
_CHANNELS: Final = (1, 3, 4)
_MOST_PICTURES: Final = 5_000_000


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures and their labels. `layout` is HW, HWC, CHW or flat; `turned`: stored transposed."""

    pictures: Array
    labels: Array
    split: Split | None
    layout: str
    turned: bool = False


class Arrays(msgspec.Struct, frozen=True, kw_only=True):
    """The content of array files: stacks, and the array with the names of the classes if there is one."""

    stacks: tuple[Stack, ...]
    names: Array | None = None

    @property
    def pictures(self) -> int:
        return sum(stack.pictures.shape[0] for stack in self.stacks)


def is_array_file(path: Path) -> bool:
    """Whether a file has the name of an array file."""
    return path.suffix.lower() in (".npy", ".npz") or is_idx_name(path.name)


def with_companions(path: Path) -> list[Path]:
    """The file with related files of its folder: labels and the parts of other splits."""
    if path.suffix.lower() == ".npz":
        return [path]
    ending = path.suffix.lower() if path.suffix.lower() == ".npy" else ""
    try:
        beside = sorted(item for item in path.parent.iterdir() if item.is_file() and is_array_file(item))
    except OSError:
        return [path]
    alike = [item for item in beside if (item.suffix.lower() == ".npy" if ending else is_idx_name(item.name))]
    return alike if path in alike else [path]


def find_arrays(paths: Iterable[Path]) -> Arrays:
    """Which arrays of these files are pictures with labels; raises ProblemError when none are."""
    files = list(paths)
    arrays, unread = _readable(files)
    pictures = [(array, layout) for array in arrays if (layout := _layout(array))]
    if not pictures:
        pictures = [(array, "flat") for array in arrays if _flat_side(array)]
    labels = [array for array in arrays if _may_be_labels(array)]
    stacks, problems, used = [], [], set()
    for array, layout in pictures:
        split = _split(array.name)
        fitting = [item for item in labels if item.shape[0] == array.shape[0] and item is not array]
        fitting = [item for item in fitting if _split(item.name) == split] or [
            item for item in fitting if _split(item.name) is None]
        best = max(fitting, key=lambda item: _kinship(array, item), default=None)
        if best is None:
            problems.append(_no_labels(array))
            continue
        used.add((best.path, best.name))
        stacks.append(Stack(pictures=array, labels=best, split=split, layout=layout,
                            turned=array.idx and array.name.startswith("emnist")))
    # An unreadable array is a problem only if it may hold labels or a split of the collection.
    unread = [item for item in unread if problems or not stacks or _split(Path(str(item.where.path)).stem)]
    if unread or not stacks:
        raise ProblemError(*(unread or problems or [_no_pictures(files, arrays)]))
    names = next((array for array in arrays if array.kind in "US" and len(array.shape) == 1
                  and (array.path, array.name) not in used and _name_parts(array.name) & _NAME_WORDS), None)
    if not any(stack.split == "train" for stack in stacks):
        stacks = [msgspec.structs.replace(stack, split=None) for stack in stacks]
    return Arrays(stacks=tuple(stacks), names=names)


def _readable(files: Iterable[Path]) -> tuple[list[Array], list[Problem]]:
    """The arrays of the files that can be read, and why the others cannot."""
    arrays: list[Array] = []
    problems: list[Problem] = []
    for path in files:
        try:
            arrays += arrays_in(path)
        except ProblemError as problem_error:
            problems += problem_error.problems
    return arrays, problems


def unpack_arrays(paths: Sequence[Path], target: Path, on_progress: OnProgress = no_progress, check: Check = no_check,
                  class_names: Sequence[str] = ()) -> Path:
    """Write pictures and labels of array files as PNG files in class folders; raises ProblemError, and then
    leaves nothing. With a training part and others there are split folders above the classes."""
    arrays = find_arrays(paths)
    total, done = arrays.pictures, 0
    if total > _MOST_PICTURES:
        text = Text("{path} contains {n} pictures, too many to write as single files.",
                    "{path} contiene {n} imágenes, demasiadas para escribirlas como archivos sueltos.")
        raise ProblemError(error("too_many_files", text.fill(path=paths[0], n=total), "dataset", path=paths[0]))
    names = list(class_names) or ([str(_decode_bytes(name)) for name in read_whole(arrays.names)] if arrays.names else [])
    room = sum(stack.pictures.nbytes // np.dtype(stack.pictures.dtype).itemsize for stack in arrays.stacks) // 2
    with new_folder(target, room) as place:
        folders = Folders(place, names, split_folders=any(stack.split for stack in arrays.stacks))
        for stack in arrays.stacks:
            labels = _label_names(stack.labels)
            for number, picture in enumerate(pictures_of(stack)):
                folders.write(stack.split, labels[number], picture)
                done += 1
                if done % 64 == 0:
                    on_progress(done, total)
                    check()
        on_progress(done, total)
        check()
    return target


class Folders:
    """Writes pictures (red, green, blue or grey) as numbered PNG files into class folders."""

    def __init__(self, place: Path, names: Sequence[str] = (), *, split_folders: bool) -> None:
        self._place, self._names, self._split_folders = place, names, split_folders
        self._free = Names()
        self._classes: dict[str, str] = {}
        self._numbers: dict[Path, int] = {}

    def write(self, split: Split | None, label: str, picture: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        """Write one picture of 8 or 16 bits; raises OSError."""
        folder_name = self._classes.get(label)
        if folder_name is None:
            name = self._names[int(label)] if label.isdigit() and int(label) < len(self._names) else label
            folder_name = self._classes[label] = self._free.free("", name)
        folder = self._place / (split or "train") / folder_name if self._split_folders else self._place / folder_name
        number = self._numbers.get(folder, 0)
        if not number:
            folder.mkdir(parents=True, exist_ok=True)
        self._numbers[folder] = number + 1
        if picture.ndim == 3:
            code = cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
            picture = cv2.cvtColor(picture, code)  # type: ignore[assignment]
        _done, data = cv2.imencode(".png", picture)
        (folder / f"{number:06d}.png").write_bytes(data.tobytes())


def pictures_of(stack: Stack) -> Iterator[NDArray[np.uint8] | NDArray[np.uint16]]:
    """Its pictures as an iterator, height x width or height x width x 3 or 4; raises ProblemError.

    They have 8 bits where the numbers fit into 0 to 255, 0 to 1 or -1 to 1, and 16 otherwise: whole numbers up to 65535 as
    they are, so that the recipe decides which are black and white, others from the least to the greatest of the array.
    """
    low, high = _range(stack.pictures)
    for batch in batches(stack.pictures):
        shaped = _shaped(batch, stack.layout)
        for picture in _samples(shaped, low, high):
            flat = picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
            yield np.ascontiguousarray(flat.swapaxes(0, 1) if stack.turned else flat)


# What is what -------------------------------------------------------------------------------------


def _name_parts(name: str) -> set[str]:
    spread = re.sub(r"([a-z])([A-Z])", r"\1 \2", re.sub(r"\.?idx\d|ubyte", " ", name))
    parts = [part for part in re.split(r"[^a-z0-9]+", plain(spread)) if part]
    return {*parts, "".join(parts), *(part.rstrip("0123456789") for part in parts)}


def _split(name: str) -> Split | None:
    parts = _name_parts(name)
    if "t10k" in parts or "t10k" in name.lower():
        return "test"
    splits = sorted({split for part in parts if (split := find_split(part))})
    return splits[0] if splits else None


def _layout(array: Array) -> str:
    """The axes of an array of pictures; "" for another array."""
    shape = array.shape
    if array.kind not in "uifb" or not shape or not shape[0]:
        return ""
    axes = ""
    if len(shape) == 3:
        axes = "HW"
    elif len(shape) == 4:
        axes = "HWC" if shape[3] in _CHANNELS else ("CHW" if shape[1] in _CHANNELS else "")
    sides = {"HW": shape[1:3], "HWC": shape[1:3], "CHW": shape[2:4]}.get(axes, ())
    return axes if sides and all(0 < side <= LARGEST_SIDE for side in sides) else ""


def _flat_side(array: Array) -> int:
    """The side of square pictures that are stored as rows of numbers; else 0."""
    if len(array.shape) != 2 or array.kind not in "uifb" or not array.shape[0]:
        return 0
    for channels in (1, 3):
        side = math.isqrt(array.shape[1] // channels)
        if side >= 8 and side * side * channels == array.shape[1]:
            return side
    return 0


def _may_be_labels(array: Array) -> bool:
    shape = array.shape
    if not shape or not shape[0] or len(shape) > 2:
        return False
    wide = len(shape) == 2 and shape[1] > 1
    if array.kind in "US":
        return not wide
    # Rows of numbers are one-hot labels if the array has a name of labels.
    return array.kind in "uifb" and (not wide or bool(_name_parts(array.name) & _LABEL_WORDS))


def _kinship(pictures: Array, labels: Array) -> tuple[bool, bool, int]:
    """How well labels match pictures: the same file, a name of labels, common parts of the names."""
    parts = _name_parts(labels.name)
    return labels.path == pictures.path, bool(parts & _LABEL_WORDS), len(parts & _name_parts(pictures.name))


def _no_labels(array: Array) -> Problem:
    text = Text("{path}: the pictures of the array {name} ({n}) have no labels. Put the labels into an array of the same "
                "length, called y or labels, in the same file or folder.",
                "{path}: las imágenes de la matriz {name} ({n}) no tienen etiquetas. Ponga las etiquetas en una matriz de la "
                "misma longitud, llamada y o labels, en el mismo archivo o carpeta.")
    return error("no_labels", text.fill(path=array.path, n=array.shape[0], name=array.name), "dataset", path=array.path)


def _no_pictures(files: Sequence[Path], arrays: Sequence[Array]) -> Problem:
    shapes = ", ".join(f"{array.name} {'×'.join(map(str, array.shape))} {array.dtype}" for array in arrays[:12]) or "-"
    text = Text("{path} contains no pictures: they must be an array of number × height × width, optionally with 1, 3 or 4 "
                "channels. Found: {shapes}.",
                "{path} no contiene imágenes: deben ser una matriz de número × alto × ancho, opcionalmente con 1, 3 o 4 "
                "canales. Encontrado: {shapes}.")
    path = files[0] if files else Path()
    return error("no_pictures", text.fill(path=path, shapes=shapes), "dataset", path=path)


# Numbers ------------------------------------------------------------------------------------------


def _decode_bytes(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _label_names(array: Array) -> list[str]:
    """Every label as text; one-hot rows as the number of the class."""
    values = read_whole(array)
    if values.ndim == 2:
        values = values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0]
    if values.dtype.kind == "f":
        if not np.isfinite(values).all() or (values != np.round(values)).any():
            text = Text("{path}: the labels {name} are fractions, not classes. Use whole numbers or names.",
                        "{path}: las etiquetas {name} son fracciones, no clases. Use números enteros o nombres.")
            raise ProblemError(error("no_labels", text.fill(path=array.path, name=array.name), "dataset",
                                     path=array.path))
        values = values.astype(np.int64)
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    return [str(_decode_bytes(value)).strip() or "_" for value in values.tolist()]


def _range(array: Array) -> tuple[float, float]:
    """The numbers of black and white, by the range of all values: 0..1, -1..1, 0..255, 0..65535, or their own."""
    if array.kind == "b" or np.dtype(array.dtype) == np.uint8:
        return (0.0, 1.0) if array.kind == "b" else (0.0, 255.0)
    low, high = 0.0, 0.0
    for batch in batches(array):
        least, most = float(batch.min(initial=0)), float(batch.max(initial=0))
        if not (np.isfinite(least) and np.isfinite(most)):
            raise ProblemError(_not_numbers_problem(array))
        low, high = min(low, least), max(high, most)
    white = next((bound for bound in (1.0, 255.0, 65535.0) if high <= bound * (1 + 1e-6)), high)
    if low >= 0:
        return 0.0, white
    return (-1.0, 1.0) if low >= -1.0001 and white == 1.0 else (low, high)


def _not_numbers_problem(array: Array) -> Problem:
    """How many pictures of an array hold how many values that are not numbers, and which is the first."""
    pictures = values = position = 0
    first: int | None = None
    for batch in batches(array):
        counts = (~np.isfinite(batch)).reshape(len(batch), -1).sum(axis=1)
        if first is None and counts.any():
            first = position + int(np.flatnonzero(counts)[0])
        pictures, values, position = pictures + int((counts > 0).sum()), values + int(counts.sum()), position + len(batch)
    text = Text("{path}: pictures of the array {name} with values that are not numbers (NaN) or infinite: {n} of {all} "
                "(values: {values}); the first is number {first}, counted from 0. Replace these values, or leave these "
                "pictures out.",
                "{path}: imágenes de la matriz {name} con valores que no son números (NaN) o son infinitos: {n} de {all} "
                "(valores: {values}); la primera es la número {first}, contando desde 0. Reemplace esos valores o excluya "
                "esas imágenes.")
    return error("not_numbers", text.fill(path=array.path, name=array.name, n=pictures, all=array.shape[0], values=values,
                                          first=first or 0), "dataset", path=array.path)


def _samples(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if values.dtype == np.uint8 and high == 255:
        return np.asarray(values, np.uint8)
    deep = (low, high) not in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
    white = 65535.0 if deep else 255.0
    scaled: NDArray[np.float64] = (values.astype(np.float64) - low) * (white / max(high - low, 1e-9))
    rounded = np.clip(np.rint(scaled), 0, white)
    return rounded.astype(np.uint16) if deep else rounded.astype(np.uint8)


def _shaped(batch: NDArray[Any], layout: str) -> NDArray[Any]:
    if layout == "CHW":
        return batch.transpose(0, 2, 3, 1)
    if layout == "flat":
        channels = 1 if round(batch.shape[1] ** 0.5) ** 2 == batch.shape[1] else 3
        side = round((batch.shape[1] / channels) ** 0.5)
        return batch.reshape(len(batch), side, side) if channels == 1 else batch.reshape(len(batch), side, side, 3)
    return batch
