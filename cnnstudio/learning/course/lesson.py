"""A lesson as it lies in `resources/lessons`: its description, and its tasks with their checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.text import Text

TOPICS: Final = (
    "what_a_cnn_is", "dense_or_convolutional", "convolution", "pooling", "layers_and_parameters", "classic_architectures",
    "loading_and_preparing", "building_and_compiling", "training_and_curves", "prediction", "overfitting", "learning_rate",
    "early_stopping", "tensors", "tf_data", "opencv", "transfer_learning", "fine_tuning", "keras_and_pytorch")
"""What the course covers, in its order; every topic belongs to one lesson."""
CodeKind = Literal["", "network", "torch", "recipe", "script"]
"""Which code shows what a task was about: the network in Keras or PyTorch, the recipe in OpenCV, or the whole training."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do in the program. `page` is where it is done; `checks` must all hold; `code` is shown when they do."""

    id: str
    title: Text
    text: Text
    page: str = ""
    checks: tuple[dict[str, Any], ...]
    hints: tuple[Text, ...] = ()
    code: CodeKind = ""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The project that a lesson begins with: a set of pictures, an architecture or a base, and settings as `cnnstudio set`
    takes them."""

    data: str
    template: str = ""
    base: str = ""
    values: tuple[str, ...] = ()


class LessonFile(msgspec.Struct, frozen=True, kw_only=True):
    """What `lesson.toml` holds."""

    id: str
    title: Text
    summary: Text
    minutes: int
    topics: tuple[str, ...]
    start: Start
    tasks: tuple[Task, ...]


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson of the course. `number` counts from 1 and is that of its folder; `pages` are its texts by language."""

    number: int
    folder: Path
    file: LessonFile
    pages: dict[str, str]

    @property
    def id(self) -> str:
        return self.file.id

    @property
    def title(self) -> Text:
        return self.file.title

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.file.tasks

    def task(self, identifier: str) -> Task | None:
        """The task of that id."""
        return next((task for task in self.tasks if task.id == identifier), None)
