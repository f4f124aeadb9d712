"""Problems of a scan: folders that cannot be listed, what is left out, and classes and sources that overlap."""

from __future__ import annotations

import errno
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.problems import Fix, Problem, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.imaging.picture_files import QUIET_REASONS, LeftOut

LEFT_OUT: Final = "left_out_"
"""The codes of problems about what is left out begin so."""
_CODES: Final = {"no_class": "no_class_folder"}
FOLLOW_LINKS: Final = Fix(action="set_field", label=Text("Follow links", "Seguir enlaces"),
                          arguments={"spec": "dataset", "field": "follow_links", "value": True})
_HARMLESS: Final = (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)


def left_out_problem(entry: LeftOut, place: Path | None, with_fixes: bool = False) -> Problem:
    """What was not taken for one reason, as a warning or a note; `facts` are for other programs."""
    problem = warning(_CODES.get(entry.reason, LEFT_OUT + entry.reason), Text(entry.text("en"), entry.text("es")),
                      "dataset", path=place, fixes=(FOLLOW_LINKS,) if with_fixes and entry.reason == "linked_folder" else ())
    facts = {"left_out": {"reason": entry.reason, "number": entry.number, "example": entry.example,
                          **({"endings": dict(entry.endings)} if entry.endings else {})}}
    return msgspec.structs.replace(problem, facts=facts,
                                   severity="info" if entry.reason in QUIET_REASONS else "warning")


def left_out_problems(entries: Iterable[LeftOut], place: Path | None, quiet: bool) -> tuple[Problem, ...]:
    """The notes (`quiet`) or the warnings about what was left out."""
    return tuple(left_out_problem(entry, place, with_fixes=True) for entry in entries
                 if (entry.reason in QUIET_REASONS) == quiet)


def summary_of(problems: Sequence[Problem]) -> Problem:
    """Several notes about what was left out as one."""
    text = Text(" ".join(problem.text.en for problem in problems), " ".join(problem.text.es for problem in problems))
    noted = all(problem.severity == "info" for problem in problems)
    return msgspec.structs.replace(problems[0], code="left_out", text=text, severity="info" if noted else "warning",
                                   facts={})


def similar_name_problems(names: Iterable[str], place: Path | None = None) -> list[Problem]:
    """A warning for classes whose names differ only in case or in the encoding of accents."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(name)
    groups_alike = [sorted(group) for group in groups.values() if len(group) > 1]
    if not groups_alike:
        return []
    text = Text("These are different classes here, but the same class on systems that do not distinguish upper and lower "
                "case: {names}. Rename one of them to merge them.",
                "Aquí son clases distintas, pero la misma en sistemas que no distinguen mayúsculas de minúsculas: {names}. "
                "Cambie el nombre de una para unirlas.")
    names_text = "; ".join(" / ".join(group) for group in sorted(groups_alike)[:10])
    return [warning("classes_alike", text.fill(names=names_text), "dataset", path=place)]


def overlap_problems(folders: Sequence[Path]) -> list[Problem]:
    """A warning where one source is listed twice or lies inside another: its pictures count once, as those of the later
    source."""
    for number, place in enumerate(folders):
        for other in folders[:number]:
            if place.is_relative_to(other) or other.is_relative_to(place):
                text = Text("The sources {first} and {second} overlap: pictures in both count once, with the class and the "
                            "split of the second source.",
                            "Los orígenes {first} y {second} se solapan: las imágenes de ambos cuentan una vez, con la clase "
                            "y la división del segundo.")
                return [warning("sources_overlap", text.fill(first=other, second=place), "dataset", path=place)]
    return []


def folder_problem(folder: Path, os_error: OSError) -> Problem:
    """Why a folder or file could not be listed. A folder that may come back blocks, so that its pictures stay in the
    index."""
    if isinstance(os_error, FileNotFoundError | NotADirectoryError):
        text = Text("The folder {path} was not found (it may have been renamed or moved, or its drive is not connected). "
                    "Restore it, or choose where it is now; everything known about its pictures is kept.",
                    "No se encontró la carpeta {path} (puede que se haya renombrado o movido, o que su unidad no esté "
                    "conectada). Restáurela o elija dónde está ahora; todo lo que se sabe de sus imágenes se conserva.")
        return error("folder_missing", text.fill(path=folder), "dataset", path=folder)
    if isinstance(os_error, PermissionError):
        text = Text("{path} cannot be opened: you have no permission to read it. Change its permissions.",
                    "No se puede abrir {path}: no tiene permiso de lectura. Cambie sus permisos.")
        return warning("no_permission", text.fill(path=folder), "dataset", path=folder)
    reason = reason_of(os_error)
    if os_error.errno in _HARMLESS:
        text = Text("{path} could not be read: {reason}.", "No se pudo leer {path}: {reason}.")
        return warning("cannot_list", text.fill(path=folder, reason=reason), "dataset", path=folder)
    text = Text("{path} could not be read completely: {reason}. Everything known about it is kept; read it again when the "
                "drive is available.",
                "No se pudo leer {path} por completo: {reason}. Todo lo que se sabe de ella se conserva; vuelva a leerla "
                "cuando la unidad esté disponible.")
    return error("cannot_list", text.fill(path=folder, reason=reason), "dataset", path=folder)
