"""Export the curated collection: decisions applied, nothing overwritten, and the result counted."""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.collections import FORMS
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.csv_text import csv_bytes
from cnnstudio.core.dataset import SPLITS, DatasetSpec, Split
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index, Picture
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.sources.archives import look_through
from cnnstudio.datasets.sources.columns import ColumnChoice
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.datasets.sources.staging import (
    Check,
    Names,
    OnProgress,
    new_file,
    new_folder,
    no_check,
    no_progress,
    refuse_existing,
)
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import open_regular, read_regular

LIST_NAME: Final = "pictures.csv"
_COLUMNS: Final = ("path", "label", "split", "hash", "width", "height")
_MOST_REPORTED: Final = 5


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """The exported collection, as counted after reopening it."""

    path: str
    format: str
    images: int
    splits: dict[str, int]
    classes: tuple[str, ...]
    bytes: int
    problems: tuple[Problem, ...] = ()


def target_of(target: Path, format: str) -> Path:
    """The target path with the suffix of the form; raises ProblemError for an unknown form."""
    form = FORMS.get(format)
    if form is None:
        text = Text("There is no format called {name}. Available: {known}.",
                    "No hay ningún formato llamado {name}. Disponibles: {known}.")
        raise ProblemError(error("unknown_format", text.fill(name=format, known=", ".join(FORMS)), "dataset"))
    place = target.absolute()
    return place if not form.suffix or place.suffix.lower() == form.suffix else place.with_name(place.name + form.suffix)


def collect(index: Index, root: Path, classes: Sequence[str], target: Path, format: str, *, links: bool = False,
            on_progress: OnProgress = no_progress, check: Check = no_check) -> Collected:
    """Write the usable pictures of these classes in a form to a new target; raises ProblemError, and then leaves
    nothing. `links`: hard links instead of copies where the disk can (folders only).

    TFRecord is written by a child process: see `core.commands.CollectTFRecord`.
    """
    place = target_of(target, format)
    refuse_existing(place)
    pictures = list(index.usable(classes))
    if not pictures:
        text = Text("There are no pictures to export. Include some on the Data page.",
                    "No hay imágenes que exportar. Incluya algunas en la página Datos.")
        raise ProblemError(error("no_pictures", text, "dataset"))
    if format == "csv":
        problems = _write_list(place, root, pictures, on_progress, check)
    elif format == "zip":
        problems = _write_zip(place, root, pictures, on_progress, check)
    elif format == "folders":
        problems = _write_folders(place, root, pictures, links, on_progress, check)
    else:
        text = Text("{name} is written by a separate process.", "{name} lo escribe un proceso aparte.")
        raise ProblemError(error("unknown_format", text.fill(name=format), "dataset"))
    return _reopen(place, format, len(pictures) - sum(problem.code == "vanished" for problem in problems),
                   tuple(name for name in classes if name in {picture.class_name for picture in pictures}), problems)


# Names --------------------------------------------------------------------------------------------


def with_target_names(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, str]]:
    """Every picture with its target path "split/class/name"; colliding names get a number."""
    names = Names()
    folders: dict[str, str] = {}
    for picture in pictures:
        folder = folders.get(picture.class_name)
        if folder is None:
            folder = folders[picture.class_name] = names.free("", picture.class_name)
        below = f"{picture.split}/{folder}"
        yield picture, f"{below}/{names.free(below, picture.name)}"


def _row(picture: Picture, path: str) -> tuple[object, ...]:
    return (path, picture.class_name, picture.split, picture.hash or "", picture.width or "", picture.height or "")


def _list_bytes(rows: Iterable[tuple[object, ...]]) -> bytes:
    return csv_bytes([_COLUMNS, *rows])


# Forms --------------------------------------------------------------------------------------------


def _write_folders(target: Path, root: Path, pictures: Sequence[Picture], links: bool, on_progress: OnProgress,
                   check: Check) -> list[Problem]:
    problems: list[Problem] = []
    rows: list[tuple[object, ...]] = []
    room = 0 if links else sum(picture.size for picture in pictures)
    with new_folder(target, room) as place:
        folders: set[Path] = set()
        for number, (picture, name) in enumerate(with_target_names(pictures), start=1):
            destination = place / name
            if destination.parent not in folders:
                destination.parent.mkdir(parents=True, exist_ok=True)
                folders.add(destination.parent)
            if _copy_file(root / picture.path, destination, links, problems):
                rows.append(_row(picture, name))
            on_progress(number, len(pictures))
            check()
        _check_not_empty(rows, problems)
        (place / LIST_NAME).write_bytes(_list_bytes(rows))
    return problems


def _copy_file(source: Path, destination: Path, links: bool, problems: list[Problem]) -> bool:
    """Copy or link one file; a vanished picture is reported and left out. Raises OSError for the target."""
    if links:
        try:
            os.link(source, destination)
            return True
        except OSError as os_error:
            if os_error.errno == errno.ENOENT:
                problems.append(_vanished_problem(source, os_error))
                return False
            # Another disk, or one without hard links: copy instead.
    try:
        opened = open_regular(source)
    except (OSError, PictureError) as read_error:
        problems.append(_vanished_problem(source, read_error))
        return False
    with opened, destination.open("xb") as written:
        shutil.copyfileobj(opened, written, 1 << 20)
        facts = os.fstat(opened.fileno())
    os.utime(destination, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return True


def _vanished_problem(path: Path, read_error: OSError | PictureError) -> Problem:
    if isinstance(read_error, PictureError):
        text = Text(f"{{path}}: {read_error.text('en')}", f"{{path}}: {read_error.text('es')}")
        return warning("vanished", text.fill(path=path), "file", path=path)
    text = Text("{path} could not be read and was left out: {reason}.",
                "No se pudo leer {path} y se omitió: {reason}.")
    return warning("vanished", text.fill(path=path, reason=reason_of(read_error)), "file", path=path)


def _check_not_empty(rows: Sequence[object], problems: Sequence[Problem]) -> None:
    if not rows:
        text = Text("None of the pictures could be read. Check that the drive is connected.",
                    "No se pudo leer ninguna imagen. Compruebe que la unidad está conectada.")
        raise ProblemError(error("vanished", text, "dataset"), *problems[:_MOST_REPORTED])


def _write_zip(target: Path, root: Path, pictures: Sequence[Picture], on_progress: OnProgress, check: Check
               ) -> list[Problem]:
    problems: list[Problem] = []
    rows: list[tuple[object, ...]] = []
    with new_file(target, sum(picture.size for picture in pictures)) as place, zipfile.ZipFile(
            place, "x", zipfile.ZIP_STORED) as file:
        for number, (picture, name) in enumerate(with_target_names(pictures), start=1):
            try:
                data = read_regular(root / picture.path)
            except (OSError, PictureError) as read_error:
                problems.append(_vanished_problem(root / picture.path, read_error))
            else:
                file.writestr(zipfile.ZipInfo(name, _time(picture)), data)
                rows.append(_row(picture, name))
            on_progress(number, len(pictures))
            check()
        _check_not_empty(rows, problems)
        file.writestr(zipfile.ZipInfo(LIST_NAME), _list_bytes(rows), zipfile.ZIP_DEFLATED)
    return problems


def _time(picture: Picture) -> tuple[int, int, int, int, int, int]:
    """The file's time within the range of zip: 1980 to 2107."""
    import time

    moment = time.gmtime(min(max(picture.modified_ns / 1e9, 315532800), 4354819198))
    return moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_hour, moment.tm_min, moment.tm_sec


def _write_list(target: Path, root: Path, pictures: Sequence[Picture], on_progress: OnProgress, check: Check
                ) -> list[Problem]:
    """Paths are relative where the pictures lie below the list's folder, else absolute."""
    base = target.parent.resolve()
    rows: list[tuple[object, ...]] = []
    problems: list[Problem] = []
    for number, picture in enumerate(pictures, start=1):
        place = Path(os.path.normpath(root / picture.path))
        if not place.exists():
            problems.append(_vanished_problem(place, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))))
        else:
            place_text = place.relative_to(base) if place.is_relative_to(base) else place
            rows.append(_row(picture, place_text.as_posix()))
        if number % 256 == 0:
            on_progress(number, len(pictures))
            check()
    _check_not_empty(rows, problems)
    on_progress(len(pictures), len(pictures))
    with new_file(target) as place:
        place.write_bytes(_list_bytes(rows))
    return problems


# Reopening ----------------------------------------------------------------------------------------


def _reopen(place: Path, format: str, expected: int, classes: tuple[str, ...], problems: Sequence[Problem]
            ) -> Collected:
    """Read the written collection as any source, and compare the counts."""
    splits: dict[str, int] = dict.fromkeys(SPLITS, 0)
    size = 0
    try:
        for split in _splits_of(place, format):
            if split is not None:
                splits[split] += 1
        size = place.stat().st_size if place.is_file() else _size_below(place)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, place)) from os_error
    counted = sum(splits.values())
    if counted != expected:
        text = Text("{path} was written, but the number of pictures in it is {found} instead of {expected}. Export again.",
                    "{path} se escribió, pero el número de imágenes que contiene es {found} en lugar de {expected}. Exporte "
                    "de nuevo.")
        raise ProblemError(error("export_differs", text.fill(path=place, found=counted, expected=expected), "dataset",
                                 path=place))
    return Collected(path=str(place), format=format, images=counted, splits=splits, classes=classes, bytes=size,
                     problems=_limited(problems))


def _size_below(folder: Path) -> int:
    total, waiting = 0, [os.fspath(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _splits_of(place: Path, format: str) -> Iterator[Split | str | None]:
    if format == "csv":
        yield from (row.split for row in read_rows(place, ColumnChoice(paths=("path",), labels=("label",))).rows)
    elif format == "zip":
        yield from (member.parts[0] for member in look_through(place).members if len(member.parts) == 3)
    else:
        layout = DatasetSpec()
        if not (place / "train").is_dir():
            # Without training pictures split folders are not recognised as such; they are counted one by one.
            for split in SPLITS:
                if (place / split).is_dir():
                    yield from (split for chunk in Listing(place / split, layout) for _file in chunk)
            return
        yield from (item.split for chunk in Listing(place, layout) for item in chunk)


def _limited(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    if len(problems) <= _MOST_REPORTED:
        return tuple(problems)
    text = Text("Further pictures that could not be read and were left out: {n}.",
                "Otras imágenes que no se pudieron leer y se omitieron: {n}.")
    return (*problems[:_MOST_REPORTED], warning("vanished", text.fill(n=len(problems) - _MOST_REPORTED), "dataset"))
