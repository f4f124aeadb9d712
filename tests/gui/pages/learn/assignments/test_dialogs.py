"""Assignments in the window: made, opened, handed in and graded, each by its dialog."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit

from cnnstudio.core.text import Text
from cnnstudio.gui.pages.learn.assignments.grade_dialog import GradeDialog
from cnnstudio.gui.pages.learn.assignments.hand_in_dialog import HandInDialog
from cnnstudio.gui.pages.learn.assignments.new_dialog import NewAssignmentDialog
from cnnstudio.gui.pages.learn.assignments.open_dialog import OpenAssignmentDialog
from cnnstudio.gui.pages.learn.assignments.standing_dialog import StandingDialog
from cnnstudio.gui.state.commands import HandIn, NewAssignment, OpenPaths, ShowAssignment
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.assignments.capsule import write_capsule
from cnnstudio.learning.assignments.grading.marks import Line
from cnnstudio.learning.assignments.key import open_key, read_assignment
from cnnstudio.learning.assignments.making import Draft
from cnnstudio.learning.assignments.model import Question
from cnnstudio.learning.assignments.opening import open_assignment
from tests.gui.driving import field, open_project, press, rows, says, wait_idle, write
from tests.learning.assignments.material import ANSWER, evaluator, make, teacher_project, trained

DRAFT = Draft(title=Text("Lamps", "Lámparas"), questions=(Question(id="", text=Text("Why?", "¿Por qué?")),), hidden_by="share",
              share=0.3)


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return teacher_project(tmp_path, count=30)


@pytest.fixture
def student(teacher: Path, tmp_path: Path) -> Path:
    open_assignment(make(teacher, DRAFT).path, tmp_path / "ana")
    return tmp_path / "ana"


def dialog(window, kind):
    return next(widget for widget in window.findChildren(kind) if widget.isVisible())


def test_an_assignment_is_made_as_it_was_shown(qtbot, window, teacher: Path, tmp_path: Path) -> None:
    open_project(qtbot, window, teacher)
    window.perform(NewAssignment())
    new = dialog(window, NewAssignmentDialog)
    press(new, "Write the files")
    assert says(new, "Give the assignment a title.") and new.job is None
    write(new, "Title: English", "Ten lamps")
    told = field(new, "What is to be done: Español")
    assert isinstance(told, QPlainTextEdit)
    told.setPlainText("Distinga las lámparas.")
    parameters = field(new, "Parameters")
    assert isinstance(parameters, NumberBox)
    parameters.set_value(5000)
    press(new, "Add a question")
    new._questions._rows[0][1]._fields["en"].setText("Why convolution?")
    assert says(new._sheet, "Ten lamps") and says(new._sheet, "at most 5,000") and says(new._sheet, "Why convolution?")
    press(new, "Español")
    assert says(new._sheet, "Distinga las lámparas.")
    write(new, "Students' file", str(tmp_path / "out.assignment.zip"))
    write(new, "Key (keep it to yourself)", str(tmp_path / "out.key.zip"))
    press(new, "Write the files")
    wait_idle(qtbot, window.session)
    made, listed = read_assignment(tmp_path / "out.assignment.zip")
    # What was written in one language stands in for the other.
    assert made.title == Text("Ten lamps", "Ten lamps") and made.goal.en == "Distinga las lámparas."
    assert made.limits.parameters == 5000 and [question.id for question in made.questions] == ["q1"]
    with open_key(tmp_path / "out.key.zip") as key:
        assert len(key.key.split("hidden")) == made.hidden_pictures == 30 - len(listed)
    assert new.made is not None
    new.reject()


def test_enter_in_a_field_writes_nothing(qtbot, window, teacher: Path) -> None:
    open_project(qtbot, window, teacher)
    window.perform(NewAssignment())
    new = dialog(window, NewAssignmentDialog)
    title = field(new, "Title: English")
    qtbot.keyClicks(title, "Lamps")
    qtbot.keyClick(title, Qt.Key.Key_Return)
    assert new.job is None and new.isVisible()
    new.reject()


def test_a_dropped_assignment_becomes_a_project(qtbot, window, teacher: Path, tmp_path: Path) -> None:
    made = make(teacher, DRAFT)
    window.perform(OpenPaths((str(made.path),)))
    opening = dialog(window, OpenAssignmentDialog)
    assert says(opening, "Lamps") and opening.primary.isEnabled()
    write(opening, "Folder of the project", str(tmp_path / "student"))
    press(opening, "Make the project")
    wait_idle(qtbot, window.session)
    assert window.session.folder == tmp_path / "student" and window.session.project.name == "Lamps"
    # What is wanted is shown at once.
    standing = dialog(window, StandingDialog)
    assert says(standing, "Nothing is trained yet")
    standing.accept()


def test_a_file_that_is_no_assignment_is_refused(window, tmp_path: Path) -> None:
    (tmp_path / "bad.assignment.zip").write_bytes(b"dear students")
    window.perform(OpenPaths((str(tmp_path / "bad.assignment.zip"),)))
    opening = dialog(window, OpenAssignmentDialog)
    assert says(opening, "bad.assignment.zip is damaged") and not opening.primary.isEnabled()
    opening.reject()


def test_the_standing_leads_to_the_hand_in(qtbot, window, student: Path, tmp_path: Path) -> None:
    run = trained(student, accuracy=1.0)
    open_project(qtbot, window, student)
    window.perform(ShowAssignment())
    standing = dialog(window, StandingDialog)
    assert rows(standing.runs)[0][2:] == ["reached", "none"]
    press(standing, "Hand in…")
    hand_in = dialog(window, HandInDialog)
    press(hand_in, "Write the file")
    assert says(hand_in, "Enter your name.") and says(hand_in, "Answer the question: Why?")
    write(hand_in, "Your name", "Ana")
    answer = field(hand_in, "1. Why?")
    assert isinstance(answer, QPlainTextEdit)
    answer.setPlainText(ANSWER)
    write(hand_in, "File to hand in", str(tmp_path / "ana.capsule.zip"))
    press(hand_in, "Write the file")
    wait_idle(qtbot, window.session)
    assert (tmp_path / "ana.capsule.zip").is_file() and says(hand_in, "Give that file to the teacher.")
    hand_in.reject()
    standing.accept()
    # What was written is there when it is opened again.
    window.perform(HandIn(run.id))
    again = dialog(window, HandInDialog)
    assert again.answers == {"q1": ANSWER}
    again.reject()


def test_a_project_of_no_assignment_says_so(qtbot, window, teacher: Path) -> None:
    open_project(qtbot, window, teacher)
    problems = []
    window.session.problem_reported.connect(lambda problem: problems.append(problem.code))
    window.perform(ShowAssignment())
    window.perform(HandIn())
    assert problems == ["not_an_assignment", "not_an_assignment"]


def test_hand_ins_are_graded_into_a_table(qtbot, window, student: Path, tmp_path: Path) -> None:
    trained(student, accuracy=1.0)
    folder = tmp_path / "in"
    folder.mkdir()
    write_capsule(student, folder / "ana.zip", None, "Ana", {"q1": ANSWER})
    (folder / "cut.zip").write_bytes(b"PK")
    grading = GradeDialog(window.session, window, evaluator())
    grading.open()
    press(grading, "Grade")
    assert says(grading, "Choose the folder of the hand-ins and the key.")
    write(grading, "Folder with the hand-ins", str(folder))
    key = field(grading, "Key, or the students' file with the encrypted one")
    key.setText(str(tmp_path / "lamps.assignment.zip"))
    press(grading, "Grade")
    wait_idle(qtbot, window.session)
    assert says(grading, "lamps.assignment.zip has no hidden pictures") and not grading.lines
    key.setText(str(tmp_path / "lamps.key.zip"))
    press(grading, "Grade")
    wait_idle(qtbot, window.session)
    assert [row[:2] for row in rows(grading.table)] == [["Ana", "passed"], ["–", "unreadable"]]
    assert says(grading, ANSWER)
    grading.table.select(grading.lines[1])
    assert says(grading, "cut.zip is damaged")
    grading.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in rows(grading.table)] == ["–", "Ana"]
    grading.save_table(tmp_path / "grades.csv")
    assert [row["student"] for row in csv.DictReader((tmp_path / "grades.csv").read_text().splitlines())] == ["Ana", ""]
    grading.reject()


def test_the_table_of_grades_is_not_scrolled_sideways_in_a_narrow_window(qtbot, window) -> None:
    grading = GradeDialog(window.session, window)
    qtbot.addWidget(grading)
    grading.setMinimumSize(0, 0)
    grading.resize(720, 460)
    grading.show()
    line = Line(file="hand-ins/maria-fernandez.capsule.zip", student="María Fernández", verdict="suspect", metric="accuracy",
                value=0.93, interval=(0.9, 0.95), reported=0.97, parameters=61_706)
    grading.show_lines([line])
    qtbot.wait(100)
    assert grading.table.horizontalScrollBar().maximum() == 0 and grading.table.width() > 600
    grading.resize(1120, 760)
    qtbot.wait(100)
    assert grading.table.width() < 800, "with room the details stand beside it"
