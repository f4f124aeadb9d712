"""One assignment for all tests of a module: they only read it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from cnnstudio.core.text import Text
from cnnstudio.learning.assignments.capsule import write_capsule
from cnnstudio.learning.assignments.making import Draft, Made
from cnnstudio.learning.assignments.model import Limits, Question
from cnnstudio.learning.assignments.opening import open_assignment
from tests.learning.assignments.material import ANSWER, make, teacher_project, trained

DRAFT = Draft(title=Text("Lamps", "Lámparas"), goal=Text("Tell them apart.", "Distinguirlas."), threshold=0.9,
              limits=Limits(parameters=1_000_000, epochs=5, bases=()),
              questions=(Question(id="", text=Text("Why convolution?", "¿Por qué convolución?")),), hidden_by="share",
              share=0.3)


class Place(NamedTuple):
    """What a teacher made, and the project and capsule of an honest student."""

    made: Made
    teacher: Path
    student: Path
    capsule: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("course ñ")
    teacher = teacher_project(folder)
    made = make(teacher, DRAFT)
    student = folder / "ana"
    open_assignment(made.path, student)
    trained(student, accuracy=1.0)
    capsule = folder / "ana.capsule.zip"
    write_capsule(student, capsule, None, "Ana", {"q1": ANSWER})
    return Place(made, teacher, student, capsule)
