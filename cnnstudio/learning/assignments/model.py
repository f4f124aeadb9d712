"""What an assignment, its key and a capsule say: the JSON inside their files."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.dataset import LabelMode
from cnnstudio.core.text import Text

FORMAT: Final = 1
"""Version of the three files; newer ones are refused."""
ASSIGNMENT_SUFFIX: Final = ".assignment.zip"
KEY_SUFFIX: Final = ".key.zip"
CAPSULE_SUFFIX: Final = ".capsule.zip"

ListedSplit = Literal["train", "validation", "hidden"]
HiddenPlace = Literal["apart", "inside"]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the students answer in words."""

    id: str
    text: Text


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that a run must keep; None for no limit. `bases` are the pretrained bases that may be used.

    `own_pictures`: pictures that the assignment does not have may be added.
    """

    parameters: int | None = None
    epochs: int | None = None
    training_pictures: int | None = None
    bases: tuple[str, ...] | None = None
    own_pictures: bool = False


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """An assignment as the students get it.

    The pictures are `inside` the file, or the students have them from elsewhere, as `source` says. `metric` is a figure of an
    evaluation and must reach the `threshold` on the hidden pictures, which the teacher keeps `apart`, or which lie encrypted
    `inside`. `token` is the digest of the key that belongs to it.
    """

    format: int = FORMAT
    id: str
    title: Text
    goal: Text
    class_names: tuple[str, ...]
    label_mode: LabelMode = "categorical"
    inside: bool = True
    source: Text = Text("", "")
    metric: str = "accuracy"
    threshold: float = 0.9
    limits: Limits = Limits()
    questions: tuple[Question, ...] = ()
    hidden: HiddenPlace = "apart"
    hidden_pictures: int = 0
    token: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that the students have: its path in their project's pictures, and what it must contain."""

    path: str
    class_name: str
    split: ListedSplit
    size: int
    sha256: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as the key knows it: `hash` as in manifests, `signature` as hexadecimal digits, by which copies are found."""

    path: str
    class_name: str
    split: ListedSplit
    sha256: str
    hash: str
    signature: str = ""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What the teacher keeps: the assignment and all of its pictures by content. The files of the hidden pictures and of
    those for validation lie beside it."""

    format: int = FORMAT
    assignment: Assignment
    pictures: tuple[Known, ...]

    def split(self, name: ListedSplit) -> tuple[Known, ...]:
        """The pictures of one split."""
        return tuple(picture for picture in self.pictures if picture.split == name)


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the run that was handed in; `missing` where its file was gone."""

    path: str
    split: str
    class_name: str
    sha256: str = ""
    hash: str = ""
    signature: str = ""
    missing: bool = False


class CapsuleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a capsule says about itself. `reported` are the figures that the student's program found on the validation
    pictures; `files` the SHA-256 of everything else in the capsule."""

    format: int = FORMAT
    assignment: str
    student: str
    run: str
    created: float
    program: str
    versions: dict[str, str] = {}
    answers: dict[str, str] = {}
    reported: dict[str, float] = {}
    files: dict[str, str] = {}
