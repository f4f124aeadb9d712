"""The lessons that come along: complete, alike in both languages, and true where they name numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.course.blocks import EmbeddedBench, Prose, Source, TaskPlace, page_blocks
from cnnstudio.learning.course.checks import CHECKS, read_check
from cnnstudio.learning.course.checks.benches import BenchCheck
from cnnstudio.learning.course.lesson import TOPICS, Lesson
from cnnstudio.learning.course.reading import course, find_lesson, missing_benches, read_lesson
from cnnstudio.network.shapes import report
from tests.house.test_texts import ENGLISH, SPANISH

LESSONS = course()
PLANNED = {"convolution", "pooling", "activation", "image_processing", "architecture", "optimisation", "regularisation",
           "tensors", "pipeline", "feature_maps"}


def test_twelve_lessons_cover_the_topics_in_their_order():
    assert [lesson.number for lesson in LESSONS] == list(range(1, 13))
    assert [topic for lesson in LESSONS for topic in lesson.file.topics] == list(TOPICS)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
class TestLesson:
    def test_both_languages_have_the_same_parts(self, lesson: Lesson):
        def parts(code: str) -> list[object]:
            return [type(block) if isinstance(block, Prose) else block if isinstance(block, EmbeddedBench | TaskPlace) else
                    block.text for block in page_blocks(lesson.pages[code])]

        assert parts("en") == parts("es")

    def test_the_tasks_stand_on_the_page_in_their_order(self, lesson: Lesson):
        assert [block.task for block in page_blocks(lesson.pages["en"]) if isinstance(block, TaskPlace)] == [
            task.id for task in lesson.tasks]

    def test_every_text_is_there_in_both_languages(self, lesson: Lesson):
        texts = [lesson.title, lesson.file.summary, *(text for task in lesson.tasks for text in (
            task.title, task.text, *task.hints))]
        assert all(text.en.strip() and text.es.strip() and text.en != text.es for text in texts)
        assert all(task.hints for task in lesson.tasks)

    def test_no_task_depends_on_what_a_layer_is_called(self, lesson: Lesson):
        # A layer that was replaced has another name; what counts is what it does.
        keys = [condition["of"] for task in lesson.tasks for check in task.checks for condition in check.get("conditions", ())
                if condition.get("look", "setting") == "setting"]
        assert not [key for key in keys if key.startswith("network.")]

    def test_the_texts_keep_the_vocabulary_of_the_program(self, lesson: Lesson):
        wrong = []
        for text, rules in ((lesson.pages["en"], ENGLISH), (lesson.pages["es"], SPANISH)):
            prose = "\n".join(block.text for block in page_blocks(text) if isinstance(block, Prose))
            prose = re.sub(r"`[^`]*`", "", prose)
            wrong += [f"{found[0]}: {why}" for rule, why in rules.items() if (found := re.search(rule, prose))]
        for text in _task_texts(lesson):
            wrong += [f"{text.es!r}: {why}" for rule, why in SPANISH.items() if re.search(rule, text.es)]
        assert not wrong

    def test_spanish_numbers_are_grouped_by_a_thin_space(self, lesson: Lesson):
        prose = "\n".join(block.text for block in page_blocks(lesson.pages["es"]) if isinstance(block, Prose))
        written = prose + "\n".join(text.es for text in _task_texts(lesson))
        assert not re.findall(r"\d[ .]\d{3}\b|[1-9]\d*,\d{3}\b", written)

    def test_its_benches_are_known(self, lesson: Lesson):
        missing = missing_benches(lesson)
        assert set(missing) <= PLANNED
        if set(BENCHES.ids()) >= PLANNED:
            assert not missing

    def test_its_links_lead_somewhere(self, lesson: Lesson):
        from cnnstudio.gui.pages import PAGES

        known = {f"page:{page.id}" for page in PAGES} | {f"bench:{name}" for name in PLANNED} | {
            f"lesson:{item.id}" for item in LESSONS}
        for text in lesson.pages.values():
            assert set(re.findall(r"\]\(([^)]+)\)", text)) <= known

    def test_its_code_is_python(self, lesson: Lesson):
        for block in page_blocks(lesson.pages["en"]):
            if isinstance(block, Source) and block.language == "python":
                compile(block.text, lesson.id, "exec")

    def test_a_bench_of_a_task_stands_on_the_page(self, lesson: Lesson):
        places = {block.place for block in page_blocks(lesson.pages["en"]) if isinstance(block, EmbeddedBench)}
        for task in lesson.tasks:
            for raw in task.checks:
                spec = read_check(raw).spec
                assert not isinstance(spec, BenchCheck) or spec.place in places


def _task_texts(lesson: Lesson) -> list[Text]:
    return [text for task in lesson.tasks for text in (task.title, task.text, *task.hints)]


def test_every_kind_of_check_is_used_by_a_lesson():
    used = {raw["kind"] for lesson in LESSONS for task in lesson.tasks for raw in task.checks}
    assert used == set(CHECKS.ids())


def test_the_numbers_in_the_texts_are_those_of_the_program():
    def figures(template: str, side: int, channels: int, classes: int):
        network = TEMPLATES[template].network()
        return report(network, Context(height=side, width=side, channels=channels, class_count=classes))

    lenet = figures("lenet5", 28, 1, 10)
    assert lenet.parameters == 61_706
    assert lenet.field is not None and lenet.field.size == (16, 16)
    assert lenet.nodes["conv"].cost.parameters == 156
    assert lenet.nodes["dense"].cost.parameters == 400 * 120 + 120
    assert figures("residual", 32, 3, 4).parameters == pytest.approx(308_000, abs=2_000)
    dense = Context(height=224, width=224, channels=3, class_count=2)
    assert (dense.height * dense.width * dense.channels + 1) * 64 == 9_633_856


def _broken(tmp_path: Path, change) -> Path:
    """A copy of the first lesson with something wrong."""
    import shutil

    folder = tmp_path / LESSONS[0].folder.name
    shutil.copytree(LESSONS[0].folder, folder)
    change(folder)
    return folder


@pytest.mark.parametrize(("change", "reason"), [
    (lambda folder: (folder / "es.md").unlink(), "No such file"),
    (lambda folder: (folder / "lesson.toml").write_text("id = ["), "lesson.toml"),
    (lambda folder: _replace(folder, 'data = "digits_some"', 'data = "cats"'), "set of pictures called cats"),
    (lambda folder: _replace(folder, 'kind = "run"', 'kind = "guess"'), "kind of check called guess"),
    (lambda folder: _replace(folder, 'look = "parameters"', 'look = "beauty"'), "look called beauty"),
    (lambda folder: _replace(folder, "at_most = 10000", "at_mots = 10000"), "no bounds"),
    (lambda folder: (folder / "en.md").write_text("```task first-training\n```\n"), "stands 0 times"),
    (lambda folder: (folder / "en.md").write_text("```bench convolution\n[1]\n```\n"), "no JSON object"),
])
def test_what_is_wrong_with_a_lesson_is_told(tmp_path, change, reason):
    with pytest.raises(ProblemError) as told:
        read_lesson(_broken(tmp_path, change))
    assert reason in " ".join(problem.text.en for problem in told.value.problems)


def _replace(folder: Path, before: str, after: str) -> None:
    path = folder / "lesson.toml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def test_a_lesson_is_found_by_its_number_and_its_id():
    assert find_lesson("3") is find_lesson("03") is find_lesson("layers-and-parameters")
    with pytest.raises(ProblemError, match="no lesson called poetry"):
        find_lesson("poetry")
