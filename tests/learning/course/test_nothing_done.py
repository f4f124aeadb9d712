"""No task is passed by doing nothing, and none by an answer that is wrong."""

from __future__ import annotations

import pytest

from cnnstudio.learning.course.blocks import EmbeddedBench, page_blocks
from cnnstudio.learning.course.checks import read_check
from cnnstudio.learning.course.checks.answers import ChoiceCheck
from cnnstudio.learning.course.judge import judge_lesson
from cnnstudio.learning.course.progress import Answer, Progress, with_answer, with_bench
from cnnstudio.learning.course.reading import course

LESSONS = course()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_the_fresh_project_has_no_task_done(lesson, made_lessons):
    folder = made_lessons(lesson.id)
    progress = Progress(project=str(folder))
    for block in page_blocks(lesson.pages["en"]):
        # As the page shows it, touched and put back.
        if isinstance(block, EmbeddedBench):
            progress = with_bench(progress, block.place, block.settings)
    states = judge_lesson(lesson, folder, progress)
    assert [state.task for state in states] == [task.id for task in lesson.tasks]
    assert not [state.task for state in states if state.done]
    assert all(state.measured.en and state.measured.es and state.missing.en and state.missing.es for state in states)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_without_a_project_nothing_is_done(lesson, tmp_path):
    for folder in (None, tmp_path):
        assert not any(state.done for state in judge_lesson(lesson, folder, Progress()))


def _questions():
    for lesson in LESSONS:
        for task in lesson.tasks:
            for raw in task.checks:
                spec = read_check(raw).spec
                if isinstance(spec, ChoiceCheck):
                    yield pytest.param(lesson, task, spec, id=f"{lesson.id}/{task.id}")


@pytest.mark.parametrize(("lesson", "task", "check"), list(_questions()))
def test_only_the_right_choice_with_its_reason_passes(lesson, task, check):
    """Every other answer is refused, and what is said to it is not what is said to another."""
    for option in check.options:
        for reason in ("", *(item.id for item in check.reasons)):
            progress = with_answer(Progress(), task.id, Answer(value=option.id, reason=reason))
            evidence_only = [state for state in judge_lesson(lesson, None, progress) if state.task == task.id]
            right = option.id == check.right and reason == check.reason
            # A task may need runs as well, which are not there.
            assert evidence_only[0].done == (right and len(task.checks) == 1)
            if option.id != check.right:
                assert option.why.en in evidence_only[0].missing.en and option.why.en


def test_a_number_that_is_wrong_says_in_which_direction():
    lesson = LESSONS[0]
    for value, word in (("50000", "more"), ("60000", "less"), ("many", "no number"), ("nan", "no number"),
                        ("inf", "no number"), ("", "answer the question")):
        progress = with_answer(Progress(), "dense-count", Answer(value=value))
        state = next(state for state in judge_lesson(lesson, None, progress) if state.task == "dense-count")
        assert not state.done and word in state.missing.en
    for value in ("50240", "50,240", "50 240", "50.240"):
        progress = with_answer(Progress(), "dense-count", Answer(value=value))
        assert next(state for state in judge_lesson(lesson, None, progress) if state.task == "dense-count").done, value
