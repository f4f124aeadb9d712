"""The lessons in the window: cards, the page of a lesson, tasks with live state, the strip beside the work."""

from __future__ import annotations

import gc
import importlib

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QScrollArea

from cnnstudio.core import edits
from cnnstudio.core.item import as_immutable
from cnnstudio.core.text import Text, set_language
from cnnstudio.gui.pages.learn.lessons.embedded import EmbeddedBenchCard
from cnnstudio.gui.pages.learn.lessons.lesson_cards import LessonCards
from cnnstudio.gui.pages.learn.lessons.lesson_view import LessonView
from cnnstudio.gui.pages.learn.lessons.options import OptionButton
from cnnstudio.gui.pages.learn.lessons.prose import Prose
from cnnstudio.gui.pages.learn.lessons.strip import LessonStrip
from cnnstudio.gui.pages.learn.lessons.task_card import TaskCard
from cnnstudio.gui.state.commands import LeaveLesson, OpenLesson, SetSetting, ShowPage
from cnnstudio.gui.state.lessons import remembered_lesson
from cnnstudio.gui.widgets.basics import Button, Elided
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.window.notices import Toast
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.course.blocks import EmbeddedBench, page_blocks
from cnnstudio.learning.course.checks import read_check
from cnnstudio.learning.course.checks.benches import BenchCheck
from cnnstudio.learning.course.progress import Progress, read_progress, write_progress
from cnnstudio.learning.course.reading import course
from tests.gui import driving
from tests.gui.pages.learn.lessons.conftest import settle


def card_of(window, task: str) -> TaskCard:
    return next(card for card in driving.parts(window, TaskCard) if card.task.id == task)


def strip_of(window) -> LessonStrip:
    return driving.part(window, LessonStrip)


def page_area(window) -> QScrollArea:
    """What scrolls the page of the lesson; its benches may have areas of their own."""
    return driving.part(window, LessonView).findChildren(QScrollArea)[0]


def repair(window) -> None:
    """Give the broken layer of lesson 6 its kernel back."""
    window.session.edit(lambda project: edits.set_node_param(project, "conv_2", "kernel_size", (5, 5)),
                        Text("Kernel", "Núcleo"))


def test_the_cards_show_every_lesson_and_what_was_done(qtbot, workspace):
    write_progress("overfitting", Progress(done={"overfit": 1.0}))
    cards = LessonCards(workspace)
    qtbot.addWidget(cards)
    titles = [card.accessibleName() for card in cards.findChildren(Card)]
    assert titles == [f"Lesson {lesson.number}: {lesson.title}" for lesson in course()]
    described = driving.card(cards, "Lesson 8: Overfitting and its remedies").accessibleDescription()
    assert "1 of 3 tasks" in described
    chosen = []
    cards.lesson_chosen.connect(chosen.append)
    driving.click(driving.card(cards, "Lesson 2: Convolution and pooling"))
    assert chosen == ["convolution-and-pooling"]


def test_starting_a_lesson_makes_and_opens_its_project_and_stays_on_its_page(begin, tmp_path):
    window = begin("1")
    assert window.session.folder == tmp_path / "lesson"
    assert window.current.id == "learn"
    assert driving.says(window, "0 of 3 tasks done")
    assert read_progress("what-a-cnn-is").project == str(tmp_path / "lesson")


def test_an_answer_is_judged_at_once_and_kept(qtbot, begin):
    window = begin("1")
    card = card_of(window, "dense-count")
    field = driving.field(card, "Answer")
    field.setText("50000")
    driving.press(card, "Answer")
    settle(qtbot, window)
    assert driving.says(card, "it is more")
    field.setText("50240")
    driving.press(card, "Answer")
    settle(qtbot, window)
    assert "done" in card.accessibleName() and "not" not in card.accessibleName().rpartition(":")[2]
    assert "dense-count" in read_progress("what-a-cnn-is").done
    assert driving.says(window, "1 of 3 tasks done")


def test_hints_are_revealed_one_at_a_time(begin):
    window = begin("1")
    card = card_of(window, "dense-count")
    first, second = (str(hint) for hint in card.task.hints)
    assert not driving.says(card, first)
    driving.press(card, "Show a hint")
    assert driving.says(card, first) and not driving.says(card, second)
    driving.press(card, "Show another hint")
    assert driving.says(card, second)
    assert read_progress("what-a-cnn-is").hints == {"dense-count": 2}


def test_a_choice_asks_for_its_reason_and_explains_a_wrong_one(qtbot, begin):
    window = begin("6")
    card = card_of(window, "loss")
    options = {option.text(): option for option in card.findChildren(OptionButton)}
    reasons = [option for option in options.values() if not option.isVisibleTo(card)]
    assert len(options) == 7 and len(reasons) == 3
    driving.click(options["mean_squared_error"])
    settle(qtbot, window)
    assert driving.says(card, "classes are no quantities")
    driving.click(options["sparse_categorical_crossentropy"])
    settle(qtbot, window)
    assert driving.says(card, "say why") and all(reason.isVisibleTo(card) for reason in reasons)
    driving.click(next(option for text, option in options.items() if text.startswith("The label is the number")))
    settle(qtbot, window)
    assert "loss" in read_progress("building-and-compiling").done


def test_the_strip_stands_beside_other_pages_and_follows_the_project(qtbot, begin):
    window = begin("6")
    window.perform(ShowPage("network"))
    strip = strip_of(window)
    assert strip.isVisible() and driving.says(strip, "Repair the network")
    figures = next(label.text() for label in driving.parts(strip, Elided) if "mend" in label.text())
    assert figures.startswith("Still to do: mend the problems of the network"), "the end of the line may be cut"
    repair(window)
    qtbot.waitUntil(lambda: "repair" in window.workspace.lessons.progress.done, timeout=20_000)
    settle(qtbot, window)
    assert driving.says(strip, "Write the labels as numbers"), "the next task that is open"
    driving.press(strip, "Task 1: Repair the network, done")
    assert driving.says(strip, "Repair the network")
    window.perform(ShowPage("learn"))
    assert not strip.isVisible(), "the page of the lesson shows the tasks by itself"


def test_the_strip_opens_to_the_task_with_its_hints(begin):
    window = begin("6")
    window.perform(ShowPage("data"))
    strip = strip_of(window)
    assert driving.says(strip, "Write the labels as numbers"), "the task that is done on this page"
    driving.press(strip, "Task 1: Repair the network")
    driving.press(strip, "Show the task")
    (card,) = driving.parts(strip, TaskCard)
    driving.press(card, "Show a hint")
    assert driving.says(card, str(card.task.hints[0]))
    driving.press(card, "Go to Network")
    assert window.current.id == "network" and driving.says(strip, "Repair the network")
    driving.press(strip, "Hide the task")
    assert not driving.parts(strip, TaskCard)


def test_after_the_last_task_the_strip_leads_to_the_next_lesson(qtbot, begin):
    window = begin("1")
    lessons = window.workspace.lessons
    window.perform(ShowPage("data"))
    strip = strip_of(window)
    assert not [button for button in driving.parts(strip, Button) if button.text() == "Next lesson"]
    lessons._show(tuple(msgspec.structs.replace(state, done=True) for state in lessons.states))
    driving.press(strip, "Next lesson")
    settle(qtbot, window)
    assert lessons.lesson.id == "convolution-and-pooling" and window.current.id == "learn"


def test_leaving_a_lesson_hides_its_tasks_and_keeps_what_was_done(qtbot, begin):
    window = begin("1")
    window.perform(ShowPage("data"))
    strip = strip_of(window)
    window.perform(LeaveLesson())
    assert not strip.isVisible() and remembered_lesson(window.session) == ""
    window.perform(OpenLesson("1"))
    settle(qtbot, window)
    assert driving.says(window, "Its project is open")


def test_the_code_of_what_was_done_is_shown(qtbot, begin):
    window = begin("6")
    repair(window)
    qtbot.waitUntil(lambda: "repair" in window.workspace.lessons.progress.done, timeout=20_000)
    settle(qtbot, window)
    card = card_of(window, "repair")
    driving.press(card, "The code of what you have done: The network in Keras")
    qtbot.waitUntil(lambda: "layers.Conv2D(" in card.findChild(CodeEditor).toPlainText(), timeout=20_000)
    settle(qtbot, window)
    code = card.findChild(CodeEditor).toPlainText()
    compile(code, "network", "exec")


def test_another_project_asks_to_open_that_of_the_lesson(qtbot, begin, project_folder):
    window = begin("1")
    folder = window.session.folder
    driving.open_project(qtbot, window, project_folder)
    settle(qtbot, window)
    strip = strip_of(window)
    driving.press(strip, "Open its project")
    qtbot.waitUntil(lambda: window.session.folder == folder, timeout=20_000)
    settle(qtbot, window)


def test_the_lesson_goes_on_in_another_language(qtbot, begin):
    window = begin("1")
    window.perform(SetSetting("language", "es"))
    qtbot.waitUntil(lambda: driving.says(window, "Qué es una red convolucional"), timeout=20_000)
    settle(qtbot, window)
    assert driving.says(window, "0 de 3 tareas hechas")
    assert any("Una imagen es una cuadrícula" in prose.toPlainText() for prose in driving.parts(window, Prose))
    set_language("en")


def test_begin_anew_forgets_answers_and_keeps_the_project(qtbot, begin, monkeypatch):
    from cnnstudio.gui.widgets.question import Question

    window = begin("1")
    card = card_of(window, "dense-count")
    driving.field(card, "Answer").setText("50240")
    driving.press(card, "Answer")
    settle(qtbot, window)
    monkeypatch.setattr(Question, "ask", lambda _question: "reset")
    driving.press(window, "Begin this lesson anew…")
    settle(qtbot, window)
    assert read_progress("what-a-cnn-is") == Progress()
    assert (window.session.folder / "project.cnnstudio").is_file()
    assert driving.says(window, "This lesson is done in a project of its own")


def test_text_is_as_high_as_it_needs_to_be(begin):
    window = begin("1")
    for width in (1440, 1000):
        window.resize(width, 800)
        QApplication.processEvents()
        for prose in driving.parts(window, Prose):
            assert prose.height() >= prose.document().size().height()
            assert prose.verticalScrollBar().maximum() == 0


def test_lesson_1_by_keyboard_alone(qtbot, begin):
    """Tab reaches every control of the page in the order of reading, and keys do everything."""
    window = begin("1")
    view = driving.part(window, LessonView)
    window.centralWidget().setFocus()
    seen: list[str] = []
    answered = revealed = False
    for _ in range(80):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        widget = window.focusWidget()
        if not view.isAncestorOf(widget):
            if seen:
                break
            continue
        card = next((card for card in driving.parts(window, TaskCard) if card.isAncestorOf(widget)), None)
        seen.append(f"{card.task.id if card is not None else ''}/{widget.accessibleName()}")
        if isinstance(widget, QLineEdit) and not answered:
            QTest.keyClicks(widget, "50240")
            QTest.keyClick(widget, Qt.Key.Key_Return)
            answered = True
        if seen[-1] == "fewer-parameters/Show a hint" and not revealed:
            QTest.keyClick(widget, Qt.Key.Key_Space)
            revealed = True
    settle(qtbot, window)
    tasks = [item.partition("/")[0] for item in seen if not item.startswith("/")]
    assert list(dict.fromkeys(tasks)) == ["first-training", "dense-count", "fewer-parameters"]
    assert "first-training/Go to Train" in seen and "dense-count/Answer" in seen
    progress = read_progress("what-a-cnn-is")
    assert "dense-count" in progress.done and progress.hints == {"fewer-parameters": 1}
    button = driving.button(card_of(window, "first-training"), "Go to Train")
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert window.current.id == "train"


def test_the_page_scrolls_by_keys_while_its_text_has_the_focus(begin):
    window = begin("1")
    area = page_area(window)
    prose = driving.parts(window, Prose)[0]
    prose.setFocus()
    QTest.keyClick(prose, Qt.Key.Key_PageDown)
    assert area.verticalScrollBar().value() > 0


def test_the_benches_of_the_lessons_take_the_settings_that_they_are_given(qtbot, workspace):
    """Those that this version has. What a fence sets, and what a task looks at, are names that the bench knows."""
    embedded = [(lesson, block) for lesson in course() for block in page_blocks(lesson.pages["en"])
                if isinstance(block, EmbeddedBench) and block.bench in BENCHES]
    for lesson, block in embedded:
        module, _, name = BENCHES[block.bench].view.partition(":")
        view = getattr(importlib.import_module(module), name)(workspace)
        qtbot.addWidget(view)
        view.restore(dict(block.settings))
        kept = view.settings()
        for key, value in block.settings.items():
            assert as_immutable(_alike(kept[key], value)) == as_immutable(value), (lesson.id, block.bench, key)
        for task in lesson.tasks:
            for spec in (read_check(raw).spec for raw in task.checks):
                if isinstance(spec, BenchCheck) and spec.place == block.place:
                    assert all(condition.of.partition(".")[0] in kept for condition in spec.conditions)
        view.close_bench()
    qtbot.wait(10)


def _alike(kept, wanted):
    """What the bench keeps of what was wanted: it may know more of each item."""
    if isinstance(wanted, dict) and isinstance(kept, dict):
        return {name: _alike(kept[name], wanted[name]) for name in wanted}
    if isinstance(wanted, list) and isinstance(kept, list | tuple) and len(kept) == len(wanted):
        return [_alike(one, other) for one, other in zip(kept, wanted, strict=True)]
    return kept


def test_the_code_of_a_page_is_all_in_sight(begin):
    window = begin("12")
    gc.collect()
    QApplication.processEvents()
    shown = [editor for editor in driving.parts(window, CodeEditor) if editor.isVisible()]
    assert len(shown) == 3
    for editor in shown:
        assert editor.verticalScrollBar().maximum() == 0 and editor.height() >= 5 * editor.fontMetrics().lineSpacing()


def test_a_narrow_window_cuts_nothing_off(qtbot, begin):
    window = begin("12")
    window.resize(960, 600)
    for lesson in course():
        window.perform(OpenLesson(lesson.id))
        settle(qtbot, window)
        QApplication.processEvents()
        area = page_area(window)
        assert area.widget().minimumSizeHint().width() <= area.viewport().width(), lesson.id


@pytest.mark.parametrize(("lesson", "bench", "settings", "task"), [
    ("2", "convolution", {"size": 5, "stride": 2, "padding": "same"}, "halve"),
    ("10", "pipeline", {"cards": [{"kind": "range"}, {"kind": "shuffle"}, {"kind": "batch"}]}, "shuffle-first"),
])
def test_a_bench_on_the_page_solves_its_task_when_it_is_set(qtbot, begin, lesson, bench, settings, task):
    window = begin(lesson)
    lessons = window.workspace.lessons
    embedded = next(card for card in driving.parts(window, EmbeddedBenchCard)
                    if card.accessibleName() == str(BENCHES[bench].title))
    assert task not in lessons.progress.done
    embedded.view.restore({**embedded.view.settings(), **settings})
    qtbot.waitUntil(lambda: task in lessons.progress.done, timeout=20_000)
    settle(qtbot, window)
    driving.press(embedded, "As in the text")
    settle(qtbot, window)
    assert lessons.state(task).kept or task in lessons.progress.done, "what was done once stays done"


@pytest.mark.parametrize("lesson", [pytest.param(lesson.id, marks=() if lesson.number in (1, 2) else pytest.mark.nightly)
                                    for lesson in course()])
def test_a_lesson_fits_a_narrow_window(qtbot, window, lesson):
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.session.settings.language == "es")
    qtbot.wait(50)
    window.setMinimumSize(720, 470)
    window.resize(720, 470)
    window.perform(OpenLesson(lesson))
    area = page_area(window)
    qtbot.waitUntil(lambda: area.widget() is not None and area.viewport().width() > 0)
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()
    window.session.set_setting("language", "en")
    qtbot.wait(50)


def test_the_names_of_lessons_are_read_whole_in_the_list(qtbot, window):
    window.session.set_setting("language", "es")
    qtbot.wait(50)
    window.go("learn")
    qtbot.wait(50)
    line = driving.button(window.pages, "11. Aprendizaje por transferencia y ajuste fino")
    assert line.height() >= line.heightForWidth(line.width()) > 30
    window.session.set_setting("language", "en")
    qtbot.wait(50)


def test_a_task_that_is_done_on_its_page_covers_no_text(qtbot, begin):
    window = begin("1")
    field = card_of(window, "dense-count").findChild(QLineEdit)
    field.setText("50240")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "dense-count" in read_progress("what-a-cnn-is").done)
    assert not [toast for toast in window.findChildren(Toast) if not toast.isHidden()]
    window.go("network")
    window.workspace.lessons.task_done.emit(window.workspace.lessons.lesson.tasks[0])
    assert [toast for toast in window.findChildren(Toast) if not toast.isHidden()]
