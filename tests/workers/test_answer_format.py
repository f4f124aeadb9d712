"""The pictures to predict, and the lines of their answers."""

from __future__ import annotations

import json

from cnnstudio.core import text
from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.core.text import set_language
from cnnstudio.engine.exporting import bundle_predict
from cnnstudio.workers import answer_format


def test_hidden_and_other_files_are_left_out_everywhere(tmp_path):
    for name in ("b.PNG", "a.jpg", "._a.jpg", "notes.txt", "deep/c.webp", ".cache/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    wanted = [str(tmp_path / name) for name in ("a.jpg", "b.PNG", "deep/c.webp")]
    missing = str(tmp_path / "missing.png")
    files, left_out = answer_format.pictures_of([str(tmp_path), missing])
    assert files == [*wanted, missing]
    assert [(problem.facts["left_out"]["reason"], problem.facts["left_out"]["number"]) for problem in left_out] == [
        ("other_kind", 1), ("system", 1), ("hidden", 1)]
    line = json.loads(answer_format.json_line(Prediction(request=1, path="a", top=(Ranked(label="c", probability=1.0),)),
                                              left_out=left_out))
    assert line["left_out"][0]["example"].endswith("notes.txt")
    assert line["left_out"][0]["text"]


def test_a_line_break_in_a_name_stays_in_its_line():
    answer = Prediction(request=1, path="new\nline\té.png", top=(Ranked(label="c\x1b[1mat", probability=1.0),))
    assert answer_format.text_line(answer) == r"new\nline\té.png: c\x1b[1mat 100.00%"
    assert json.loads(answer_format.json_line(answer))["path"] == "new\nline\té.png"
    for on_one_line in (text.on_one_line, bundle_predict.on_one_line):
        assert on_one_line("a\u2028b\r😀\u200dñ\\n") == "a\\u2028b\\r😀\u200dñ\\n"


def test_answers_for_people_have_the_signs_of_their_language():
    answer = Prediction(request=1, path="a.png", top=(Ranked(label="cat", probability=0.5537),
                                                      Ranked(label="dog", probability=0.4463)))
    assert answer_format.text_line(answer) == "a.png: cat 55.37%, dog 44.63%"
    set_language("es")
    try:
        assert answer_format.text_line(answer) == "a.png: cat 55,37\u202f%, dog 44,63\u202f%"
    finally:
        set_language("en")
