"""Kinds of sources: folders and manifests are used as they are, the rest is unpacked."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.places import free_path
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import is_manifest, is_picture
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.scan_problems import folder_problem, left_out_problems
from cnnstudio.datasets.sources.archives import Contents, is_archive, look_through, unpack_archive
from cnnstudio.datasets.sources.arrays import find_arrays, is_array_file, unpack_arrays, with_companions
from cnnstudio.datasets.sources.staging import Check, OnProgress, no_check, no_progress
from cnnstudio.imaging.picture_files import LeftOut, Tally

LABELS: Final = {
    "folder": Text("Folder of pictures", "Carpeta de imágenes"),
    "loose": Text("Folder of pictures without classes", "Carpeta de imágenes sin clases"),
    "manifest": Text("List of pictures", "Lista de imágenes"),
    "arrays": Text("Arrays of pictures", "Matrices de imágenes"),
    "archive": Text("Archive", "Archivo comprimido"),
    "project": Text("Project", "Proyecto"),
    "unknown": Text("Not usable", "No utilizable"),
}
_COUNTED: Final = 50_000
_AS_IT_IS: Final = DatasetSpec()


class SourceKind(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of a path, with counts. `kind` is a key of LABELS; `unpacked`: it has to be unpacked before it can be
    used.

    `pictures` and `classes` are counted up to a limit (`more` is then True; arrays inside an archive are not
    counted); `bytes` is the unpacked size. A "loose" folder has pictures without classes: it is added to one class.
    """

    path: Path
    kind: str
    pictures: int = 0
    classes: tuple[str, ...] = ()
    more: bool = False
    bytes: int = 0
    problems: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is left out and needs no care; the rest is among the problems."""
        return left_out_problems(self.left_out, self.path, quiet=True)

    @property
    def label(self) -> Text:
        return LABELS[self.kind]

    @property
    def unpacked(self) -> bool:
        return self.kind in ("arrays", "archive")

    @property
    def usable(self) -> bool:
        return self.kind not in ("unknown", "project") and not any(problem.blocks for problem in self.problems)


def kind_of(path: Path) -> str:
    """The kind by the name of a path, without reading it; "unknown" if it cannot be a source."""
    if path.is_dir():
        if (path / PROJECT_FILE).exists():
            return "project"
        return "arrays" if _array_files(path) else "folder"
    if not path.is_file():
        return "unknown"
    if is_manifest(path):
        return "manifest"
    if is_archive(path):
        return "archive"
    return "arrays" if is_array_file(path) else "unknown"


def takes(paths: Sequence[Path | str]) -> bool:
    """Whether at least one of the dropped paths is a source; quick."""
    return any(kind_of(Path(path)) in ("folder", "manifest", "arrays", "archive") for path in paths)


def _array_files(folder: Path) -> list[Path]:
    """Array files of a folder that has no folders of classes."""
    try:
        entries = list(itertools.islice(os.scandir(folder), 500))
        if any(entry.is_dir() and not entry.name.startswith(".") for entry in entries):
            return []
        return sorted(Path(entry.path) for entry in entries if is_array_file(Path(entry.path)))
    except OSError:
        return []


def _files_of(path: Path) -> list[Path]:
    return _array_files(path) if path.is_dir() else with_companions(path)


def describe(path: Path, check: Check = no_check, spec: DatasetSpec = _AS_IT_IS) -> SourceKind:
    """The kind of a path, with its pictures counted; never raises: its problems are in `problems`. `spec` says how
    folders and lists are read."""
    kind = kind_of(path)
    try:
        if kind in ("folder", "manifest"):
            return _listed(path, kind, check, spec)
        if kind == "archive":
            contents = look_through(path, check=check)
            return SourceKind(path=path, kind=kind, pictures=contents.pictures, classes=contents.class_names,
                              bytes=contents.bytes, problems=contents.problems or _no_classes(path, contents),
                              left_out=contents.left_out)
        if kind == "arrays":
            arrays = find_arrays(_files_of(path))
            return SourceKind(path=path, kind=kind, pictures=arrays.pictures,
                              bytes=sum(stack.pictures.nbytes for stack in arrays.stacks))
    except ProblemError as problem_error:
        return SourceKind(path=path, kind=kind, problems=problem_error.problems)
    except OSError as os_error:
        return SourceKind(path=path, kind=kind, problems=(folder_problem(path, os_error),))
    return SourceKind(path=path, kind=kind, problems=(_unknown(path, kind),))


def _listed(path: Path, kind: str, check: Check, spec: DatasetSpec) -> SourceKind:
    spec = msgspec.structs.replace(spec, source=str(path), joined=(), source_classes={})
    listing = Listing(path.parent if kind == "manifest" else path, spec, folder=path.parent)
    pictures, more = 0, False
    classes: set[str] = set()
    for chunk in listing:
        check()
        pictures += len(chunk)
        classes.update(item.class_name for item in chunk)
        if pictures >= _COUNTED:
            more = True
            break
    problems = tuple(listing.problems)
    loose = next((entry.number for entry in listing.left_out if entry.reason == "no_class"), 0)
    if kind == "folder" and loose and not pictures and not any(item.blocks for item in problems):
        return SourceKind(path=path, kind="loose", pictures=loose, left_out=listing.left_out,
                          problems=tuple(item for item in problems if item.code != "no_class_folder"))
    return SourceKind(path=path, kind=kind, pictures=pictures, classes=tuple(sorted(classes)), more=more,
                      left_out=listing.left_out,
                      problems=problems if any(item.blocks for item in problems) else (*problems, *_empty(path, pictures)))


def _empty(path: Path, pictures: int) -> tuple[Problem, ...]:
    if pictures:
        return ()
    text = Text("There are no pictures in class folders in {path}. Choose a folder with one subfolder per class.",
                "No hay imágenes en carpetas de clase en {path}. Elija una carpeta con una subcarpeta por clase.")
    return (error("no_pictures", text.fill(path=path), "dataset", path=path),)


def _no_classes(path: Path, contents: Contents) -> tuple[Problem, ...]:
    """An archive without class folders is not a collection. Arrays are checked when unpacked."""
    arrays = not contents.pictures and any(is_array_file(Path(member.name)) for member in contents.members)
    return () if contents.class_names or arrays else _empty(path, 0)


def _unknown(path: Path, kind: str) -> Problem:
    if kind in ("folder", "manifest"):
        text = Text("{path} does not need to be unpacked: use it directly.",
                    "{path} no necesita descomprimirse: úselo directamente.")
    elif kind == "project":
        text = Text("{path} is a project: open it instead.", "{path} es un proyecto. Ábralo en lugar de usarlo como origen.")
    elif not path.exists():
        text = Text("{path} does not exist. Choose another file or folder.",
                    "{path} no existe. Elija otro archivo u otra carpeta.")
    elif is_picture(path.name):
        text = Text("{path} is a single picture. Choose the folder that contains the class folders.",
                    "{path} es una sola imagen. Elija la carpeta que contiene las carpetas de clase.")
    else:
        text = Text("{path} is not a source of pictures. Use a folder with class folders, a list (.csv, .tsv, .parquet), "
                    "arrays (.npy, .npz, MNIST) or an archive (.zip, .tar).",
                    "{path} no es un origen de imágenes. Use una carpeta con carpetas de clase, una lista (.csv, .tsv, "
                    ".parquet), matrices (.npy, .npz, MNIST) o un archivo comprimido (.zip, .tar).")
    return error("not_a_source", text.fill(path=path), "dataset", path=path)


def unpack(path: Path, target: Path, on_progress: OnProgress = no_progress, check: Check = no_check,
           tally: Tally | None = None) -> Path:
    """Unpack an archive or arrays into the new or empty folder `target`; raises ProblemError, and then leaves
    nothing. Arrays inside an archive become pictures, too. Returns the folder. What is not unpacked is counted in
    `tally`."""
    kind = kind_of(path)
    if kind == "arrays":
        return unpack_arrays(_files_of(path), target, on_progress, check)
    if kind != "archive":
        raise ProblemError(_unknown(path, kind))
    contents = look_through(path, check=check)
    if not contents.problems and not contents.pictures and any(is_array_file(Path(member.name))
                                                               for member in contents.members):
        return _arrays_inside(path, target, on_progress, check)
    if not contents.problems and (empty := _no_classes(path, contents)):
        raise ProblemError(*empty)
    return unpack_archive(path, target, on_progress, check, tally=tally)


def _arrays_inside(path: Path, target: Path, on_progress: OnProgress, check: Check) -> Path:
    import tempfile

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arrays-", suffix=".writing", dir=target.parent) as aside:
        unpack_archive(path, Path(aside) / "files", on_progress, check)
        files = sorted(item for item in (Path(aside) / "files").rglob("*") if item.is_file() and is_array_file(item))
        return unpack_arrays(files, target, on_progress, check)


def as_sources(paths: Sequence[Path], into: Path, on_progress: OnProgress = no_progress, check: Check = no_check,
               tally: Tally | None = None) -> list[Path]:
    """Sources that can be used as they are: folders and manifests stay, others are unpacked below `into`; what is not
    unpacked is counted in `tally`.

    Raises ProblemError with all problems before anything is unpacked.
    """
    kinds = [(path, kind_of(path)) for path in paths]
    wrong = [_unknown(path, kind) for path, kind in kinds if kind in ("unknown", "project")]
    if wrong:
        raise ProblemError(*wrong)
    return [unpack(path, free_path(into / stem_of(path)), on_progress, check, tally) if kind in ("arrays", "archive")
            else path for path, kind in kinds]


def stem_of(path: Path) -> str:
    """The name of a file without suffixes of archives."""
    name = path.name
    for suffix in (".gz", ".bz2", ".xz", ".tar", ".zip", ".tgz", ".tbz2", ".tbz", ".txz", ".npz", ".npy"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[:-len(suffix)]
    return name
