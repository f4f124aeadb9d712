"""The form that follows from declarations."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.core.dataset import DATASET_PARAMS, SPLIT_PARAMS
from cnnstudio.core.params import (
    Bool,
    Choice,
    Color,
    Factor,
    Float,
    Int,
    Ints,
    Line,
    Numbers,
    Option,
    Padding4,
    Pair,
    Seed,
    ShownWhen,
)
from cnnstudio.core.problems import error
from cnnstudio.core.recipe import RECIPE_PARAMS
from cnnstudio.core.settings import SETTINGS_PARAMS
from cnnstudio.core.text import Text, same, set_language
from cnnstudio.core.training import TRAINING_PARAMS
from cnnstudio.gui.widgets.basics import column
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from tests.gui.driving import field, write

T = same("x")
PARAMS = (
    Int(name="filters", default=8, minimum=1, maximum=64, label=same("filters"), help=T),
    Float(name="rate", default=0.001, minimum=0, above=True, logarithmic=True, label=same("rate"), help=T),
    Bool(name="nesterov", default=False, label=same("nesterov"), help=T),
    Choice(name="mode", default="a", options=(Option("a", T), Option("b", T)), label=same("mode"), help=T),
    Pair(name="kernel", default=(3, 3), label=same("kernel"), help=T),
    Padding4(name="padding", default=(1, 1, 1, 1), label=same("padding"), help=T),
    Factor(name="factor", default=0.1, label=same("factor"), help=T),
    Line(name="word", default=None, label=same("word"), help=T),
    Color(name="color", default=(1, 2, 3), label=same("color"), help=T),
    Seed(name="seed", default=42, label=same("seed"), help=T),
    Numbers(name="scale", default=0.5, label=same("scale"), help=T),
    Ints(name="shape", default=(-1,), minimum=-1, label=same("shape"), help=T),
    Float(name="momentum", default=0.0, label=same("momentum"), help=T, shown_when=ShownWhen("mode", ("b",))),
)


@pytest.fixture
def form(qtbot):
    new_form = Form(PARAMS, {})
    qtbot.addWidget(new_form)
    new_form.show()
    return new_form


def editor(form, name):
    return form.editor(name)


def test_a_typed_number_is_announced_once(form):
    heard, settled = [], []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    form.settled.connect(settled.append)
    box = editor(form, "filters")
    assert isinstance(box, NumberBox)
    box.setText("32")
    box.editingFinished.emit()
    box.editingFinished.emit()
    assert heard == [("filters", 32)]
    assert settled == ["filters"]
    assert form.values["filters"] == 32


def test_numbers_are_written_as_in_the_language_and_read_either_way(qtbot):
    set_language("es")
    box = NumberBox(0.001, minimum=0, maximum=9999, decimals=4)
    qtbot.addWidget(box)
    heard = []
    box.value_changed.connect(heard.append)
    assert box.text() == "0,001"
    for typed, shown in (("0.5", "0,5"), ("0,25", "0,25"), ("1e-6", "1e-06"), ("3", "3"), ("1.234,5", "1234,5"),
                         ("2,345.5", "2345,5"), ("3\u00a0456,25", "3456,25")):
        box.setText(typed)
        box.editingFinished.emit()
        assert box.text() == shown
    assert heard == [0.5, 0.25, 1e-6, 3, 1234.5, 2345.5, 3456.25]


def test_what_is_not_allowed_is_marked_and_not_announced(form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    box = editor(form, "rate")
    box.setText("0")
    box.editingFinished.emit()
    assert heard == []
    assert form.problem("rate")
    box.setText("many")
    box.editingFinished.emit()
    assert heard == []


def test_arrow_keys_step_and_logarithmic_numbers_step_by_tenths_of_a_decade(qtbot, form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    qtbot.keyClick(editor(form, "filters"), Qt.Key.Key_Up)
    qtbot.keyClick(editor(form, "rate"), Qt.Key.Key_Up)
    assert heard[0] == ("filters", 9)
    assert heard[1] == ("rate", pytest.approx(0.0013))


def test_choices_switches_and_what_depends_on_them(qtbot, form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    assert isinstance(editor(form, "mode"), SegmentedControl)
    assert not form.is_shown("momentum")
    editor(form, "mode").chosen.emit("b")
    assert form.is_shown("momentum")
    switch = editor(form, "nesterov")
    assert isinstance(switch, Switch)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert heard == [("mode", "b"), ("nesterov", True)]


def test_pairs_and_factors_are_tuples(form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    write(form, "kernel, 2 of 2", "5")
    write(form, "factor, 1 of 2", "-0.2")
    assert heard == [("kernel", (3, 5)), ("factor", (-0.2, 0.1))]


def test_rows_of_numbers_are_read_and_what_is_none_is_marked(form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    for name, text in (("scale", "0.5, 1, 2"), ("scale", "0.25"), ("shape", "7 × 7 x 3"), ("shape", "2, -1")):
        editor(form, name).setText(text)
        editor(form, name).editingFinished.emit()
    assert heard == [("scale", (0.5, 1.0, 2.0)), ("scale", 0.25), ("shape", (7, 7, 3)), ("shape", (2, -1))]
    editor(form, "shape").setText("seven")
    editor(form, "shape").editingFinished.emit()
    assert len(heard) == 4
    assert form.problem("shape")
    form.set_values({"shape": (4, 5), "scale": (0.5, 1.0)})
    assert (editor(form, "shape").text(), editor(form, "scale").text()) == ("4, 5", "0.5, 1.0")


def test_values_from_outside_are_shown_silently(form):
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    form.set_values({"filters": 16, "kernel": (5, 5), "mode": "b", "nesterov": True, "word": "hello"})
    assert heard == []
    assert editor(form, "filters").text() == "16"
    assert editor(form, "nesterov").isChecked()
    assert form.is_shown("momentum")


def test_problems_are_marked_at_their_field(form):
    form.set_problems([error("value", Text("too many", "demasiados"), "network", field="filters")])
    assert form.problem("filters") == "too many"
    form.set_problems([])
    assert not form.problem("filters")


def test_a_line_can_become_a_list(form):
    form.set_choices("word", [("one", "One"), ("two", "Two")])
    heard = []
    form.value_changed.connect(lambda name, value: heard.append((name, value)))
    select = editor(form, "word")
    assert isinstance(select, Select)
    select.activated.emit(1)
    assert heard == [("word", "two")]


@pytest.mark.parametrize("params", [DATASET_PARAMS, SPLIT_PARAMS, RECIPE_PARAMS, TRAINING_PARAMS, SETTINGS_PARAMS])
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_declaration_of_the_program_has_a_form(qtbot, params, language):
    set_language(language)
    new_form = Form(params, {})
    qtbot.addWidget(new_form)
    new_form.resize(272, 900)
    new_form.show()
    assert set(new_form.values) == {param.name for param in params}
    assert new_form.minimumSizeHint().width() <= 272


def test_every_field_within_an_editor_has_a_name_and_says_what_it_refuses(qtbot, form):
    names = [line.accessibleName() for line in form.findChildren(QLineEdit)]
    assert {"filters", "kernel, 1 of 2", "kernel, 2 of 2", "padding, 4 of 4", "factor, 2 of 2", "seed"} <= set(names)
    assert all(names)
    for name, box in (("kernel", field(form, "kernel, 2 of 2")), ("factor", field(form, "factor, 2 of 2"))):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, "abc")
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert form.problem(name) == "This is not a number."
        assert form.values[name] == {"kernel": (3, 3), "factor": 0.1}[name]


def test_a_folded_form_is_made_when_it_is_first_shown_and_tab_leads_through_it(qtbot):
    holder = QWidget()
    qtbot.addWidget(holder)
    first, last = QLineEdit(), QLineEdit()
    form = Form((Int(name="a", default=1, minimum=0, maximum=9, label=same("A"), help=same("")),
                 Int(name="b", default=2, minimum=0, maximum=9, label=same("B"), help=same(""))), {}, lazy=True)
    holder.setLayout(column(first, form, last))
    form.hide()
    holder.show()
    form.set_values({"a": 5})
    form.set_problems([error("x", Text("too much", "demasiado"), "training", field="b")])
    assert not form.findChildren(QLineEdit) and form.values == {"a": 5, "b": 2}
    form.show()
    fields = form.findChildren(QLineEdit)
    assert [field.text() for field in fields] == ["5", "2"] and form.problem("b") == "too much"
    order, widget = [], first
    while len(order) < 4:
        order += [widget] if isinstance(widget, QLineEdit) else []
        widget = widget.nextInFocusChain()
    assert order == [first, *fields, last]
