"""Makes an assignment from a project: the students' file, and the teacher's key beside it or encrypted in it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.dataset import SplitSpec
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.layout import root_of
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.sources.staging import Check, Names, OnProgress, no_check, no_progress
from cnnstudio.datasets.splits import divide
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.learning.assignments.encryption import SHORTEST, encrypt, weak_passphrase
from cnnstudio.learning.assignments.key import DESCRIPTION, ENCRYPTED, LIST, PICTURES, key_files, token_of
from cnnstudio.learning.assignments.model import Assignment, Key, Known, Limits, Listed, ListedSplit, Question
from cnnstudio.learning.assignments.pictures import Print, copies_between, duplicate_groups, print_of
from cnnstudio.learning.assignments.sealed import Content, write_sealed
from cnnstudio.workers.job_setup import labelled_pictures

HiddenBy = Literal["test", "share", "folder"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the teacher decides. The hidden pictures are the project's test pictures, a stratified `share` of all, or those in
    the class folders of `folder`."""

    title: Text = Text("", "")
    goal: Text = Text("", "")
    inside: bool = True
    source: Text = Text("", "")
    metric: str = "accuracy"
    threshold: float = 0.9
    limits: Limits = Limits()
    questions: tuple[Question, ...] = ()
    hidden_by: HiddenBy = "test"
    share: float = 0.2
    folder: str = ""
    seed: int = 42


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was written; `leaked` of the hidden pictures have a copy among those of the students."""

    assignment: Assignment
    path: Path
    key: Path | None
    given: int
    hidden: int
    leaked: int


class _Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A picture with its file, class, split, fingerprint and path in the assignment."""

    file: Path
    class_name: str
    split: ListedSplit
    print: Print
    path: str = ""


def draft_problems(draft: Draft, passphrase: str | None = None) -> list[Problem]:
    """Everything that is wrong with a draft; the passphrase is None where the key is kept apart."""
    problems = []
    if not draft.title.en.strip() and not draft.title.es.strip():
        problems.append(error("no_title", Text("Give the assignment a title.", "Ponga un título a la práctica."), "file",
                              field="title"))
    if draft.metric not in FIGURES:
        text = Text("There is no figure called {name}. Available: {all}.",
                    "No hay ninguna cifra llamada {name}. Disponibles: {all}.")
        problems.append(error("no_figure", text.fill(name=draft.metric, all=", ".join(FIGURES.ids())), "file", field="metric"))
    elif FIGURES[draft.metric].percent and not 0 < draft.threshold <= 1:
        text = Text("The threshold of {name} is a share, above 0 and at most 1.",
                    "El umbral de «{name}» es una proporción, mayor que 0 y como máximo 1.")
        problems.append(error("wrong_threshold", text.fill(name=FIGURES[draft.metric].label), "file", field="threshold"))
    if draft.hidden_by == "share" and not 0 < draft.share < 1:
        text = Text("The share of the hidden pictures lies between 0 and 1.",
                    "La proporción de las imágenes ocultas está entre 0 y 1.")
        problems.append(error("wrong_share", text, "file", field="share"))
    if draft.hidden_by == "folder" and not draft.folder:
        problems.append(error("no_hidden_folder", Text("Choose the folder of the hidden pictures.",
                                                       "Elija la carpeta de las imágenes ocultas."), "file", field="folder"))
    if not draft.inside and not draft.source.en.strip() and not draft.source.es.strip():
        text = Text("Say where the students find the pictures.", "Indique dónde encuentra el alumnado las imágenes.")
        problems.append(error("no_source", text, "file", field="source"))
    if passphrase is not None and len(passphrase) < SHORTEST:
        problems.append(weak_passphrase())
    return problems


def make_assignment(folder: Path, project: Project, index: Index, draft: Draft, target: Path, key: Path | None = None,
                    passphrase: str = "", on_progress: OnProgress = no_progress, check: Check = no_check) -> Made:
    """Write the students' file to `target`, and the key to `key`; or without one encrypted with the passphrase into the
    students' file. Raises ProblemError with everything that is wrong."""
    problems = draft_problems(draft, None if key is not None else passphrase)
    if key is not None and key.absolute() == target.absolute():
        problems.append(error("same_file", Text("The key needs a file of its own: whoever has it sees the hidden pictures.",
                                                "La clave necesita un archivo propio: quien la tiene ve las imágenes ocultas."),
                              "file", path=key))
    if problems:
        raise ProblemError(*problems)
    chosen = _placed(_divided(folder, project, index, draft, on_progress, check))
    classes = tuple(dict.fromkeys(Path(item.path).parts[1] for item in sorted(chosen, key=lambda item: item.path)))
    _check_splits(chosen)
    known = tuple(Known(path=item.path, class_name=Path(item.path).parts[1], split=item.split, sha256=item.print.sha256,
                        hash=item.print.hash, signature=item.print.signature) for item in chosen)
    hidden = [item for item in chosen if item.split == "hidden"]
    given = [item for item in chosen if item.split != "hidden"]
    questions = tuple(msgspec.structs.replace(question, id=f"q{number}")
                      for number, question in enumerate(draft.questions, start=1))
    assignment = Assignment(
        id=secrets.token_hex(8), title=_both(draft.title), goal=_both(draft.goal), class_names=classes,
        label_mode=project.dataset.label_mode, inside=draft.inside, source=_both(draft.source), metric=draft.metric,
        threshold=draft.threshold, limits=draft.limits, questions=questions,
        hidden="apart" if key is not None else "inside", hidden_pictures=len(hidden), token=token_of(known))
    sources = {item.path: item.file for item in chosen}
    secret = list(key_files(Key(assignment=assignment, pictures=known), sources))
    try:
        if key is not None:
            write_sealed(key, secret, check)
            write_sealed(target, _student_files(assignment, given), check)
        else:
            with tempfile.TemporaryDirectory() as temporary:
                inner = Path(temporary) / "key.zip"
                write_sealed(inner, secret, check)
                encrypted = Path(temporary) / "hidden.enc"
                encrypted.write_bytes(encrypt(inner.read_bytes(), passphrase))
                write_sealed(target, [*_student_files(assignment, given), (ENCRYPTED, encrypted)], check)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    return Made(assignment=assignment, path=target, key=key, given=len(given), hidden=len(hidden),
                leaked=_leaked(given, hidden, project.dataset.audit.near_duplicate))


def _both(text: Text) -> Text:
    """A text that was written in one language stands in for the other."""
    return Text(text.en.strip() or text.es.strip(), text.es.strip() or text.en.strip())


def _divided(folder: Path, project: Project, index: Index, draft: Draft, on_progress: OnProgress, check: Check
             ) -> list[_Chosen]:
    """All pictures with their splits."""
    root, classes = source_folder(project, folder), index.class_names(project.dataset)
    pictures = list(index.usable(classes))
    extra: list[tuple[Path, str]] = []
    if draft.hidden_by == "folder":
        place = Path(draft.folder).expanduser()
        entries = labelled_pictures(place, classes, project.dataset)
        extra = [(root_of(place.resolve()) / entry.path, classes[entry.label]) for entry in entries]
    files = [(root / picture.path, picture.class_name, picture.split) for picture in pictures]
    files += [(path, class_name, "hidden") for path, class_name in extra]
    chosen: dict[str, _Chosen] = {}
    for number, (file, class_name, split) in enumerate(files):
        check()
        on_progress(number, len(files))
        fingerprint = print_of(file)
        if fingerprint is not None:
            chosen[str(number)] = _Chosen(file=file, class_name=class_name, split=_split_of(split, draft.hidden_by),
                                          print=fingerprint)
    on_progress(len(files), len(files))
    if draft.hidden_by == "share":
        groups = duplicate_groups({name: item.print for name, item in chosen.items()}, project.dataset.audit.near_duplicate)
        drawn = divide(((name, item.class_name, None) for name, item in chosen.items()),
                       SplitSpec(train=1 - draft.share, validation=0.0, test=draft.share, seed=draft.seed), groups)
        return [msgspec.structs.replace(item, split="hidden" if drawn[name] == "test" else item.split)
                for name, item in chosen.items()]
    return list(chosen.values())


def _split_of(split: str, hidden_by: HiddenBy) -> ListedSplit:
    """What a split of the project becomes: its test pictures are the hidden ones, or else for training."""
    if split == "hidden" or (split == "test" and hidden_by == "test"):
        return "hidden"
    return "validation" if split == "validation" else "train"


def _placed(chosen: Sequence[_Chosen]) -> list[_Chosen]:
    """The pictures with their paths: split, class and a name that every system allows."""
    names, classes = Names(), {}
    for item in chosen:
        if item.class_name not in classes:
            classes[item.class_name] = names.free("", item.class_name)
    placed = []
    for item in chosen:
        folder = f"{item.split}/{classes[item.class_name]}"
        placed.append(msgspec.structs.replace(item, path=f"{folder}/{names.free(folder, item.file.name)}"))
    return placed


def _check_splits(chosen: Sequence[_Chosen]) -> None:
    splits = {item.split for item in chosen}
    wanted: tuple[tuple[ListedSplit, Text], ...] = (
        ("train", Text("There are no pictures to train with.", "No hay imágenes con las que entrenar.")),
        ("validation", Text("There are no validation pictures, by which students could see where they stand. Change the "
                            "shares of the splits on the Data page.",
                            "No hay imágenes de validación con las que el alumnado vea cómo va. Cambie las proporciones de las "
                            "divisiones en la página Datos.")),
        ("hidden", Text("There are no hidden pictures: the project has no test pictures. Choose a share of all pictures, or "
                        "a folder.",
                        "No hay imágenes ocultas: el proyecto no tiene imágenes de prueba. Elija una proporción de todas las "
                        "imágenes o una carpeta.")))
    problems = [error(f"no_{split}_pictures", text, "dataset") for split, text in wanted if split not in splits]
    if problems:
        raise ProblemError(*problems)


def _student_files(assignment: Assignment, given: Sequence[_Chosen]) -> Iterator[tuple[str, Content]]:
    yield DESCRIPTION, msgspec.json.format(msgspec.json.encode(assignment), indent=2)
    yield LIST, b"".join(msgspec.json.encode(Listed(
        path=item.path, class_name=Path(item.path).parts[1], split=item.split, size=item.print.size,
        sha256=item.print.sha256)) + b"\n" for item in given)
    if assignment.inside:
        for item in given:
            yield f"{PICTURES}/{item.path}", item.file


def _leaked(given: Sequence[_Chosen], hidden: Sequence[_Chosen], largest: float) -> int:
    """How many of the hidden pictures have an exact or near copy among the given ones."""
    hashes = {item.print.hash for item in given}
    places = {number for number, item in enumerate(hidden) if item.print.hash in hashes}
    places |= {one for one, _two, _difference in copies_between(
        [item.print.signature for item in hidden], [item.print.signature for item in given], largest)}
    return len(places)


def default_paths(folder: Path, title: str) -> tuple[Path, Path]:
    """Where the two files are proposed to be written: beside the project."""
    from cnnstudio.datasets.sources.staging import clean_name
    from cnnstudio.learning.assignments.model import ASSIGNMENT_SUFFIX, KEY_SUFFIX

    name = clean_name(title.strip() or os.path.basename(folder))
    return folder.parent / f"{name}{ASSIGNMENT_SUFFIX}", folder.parent / f"{name}{KEY_SUFFIX}"
