"""The architecture bench in the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.learn.benches.architecture.rows import LINE, LayerRows
from cnnstudio.gui.pages.learn.benches.architecture.view import ArchitectureView
from cnnstudio.gui.pages.learn.drawing.field_picture import FieldPicture
from cnnstudio.gui.pages.learn.drawing.slider_field import SliderField
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.basics import Caption
from cnnstudio.gui.widgets.cards import KeyFigure
from cnnstudio.learning.benches.architecture.design import Design, convolutional
from tests.gui.driving import button, parts, press, says, texts


def slider(view, name: str):
    return next(field.slider for field in parts(view, SliderField) if field.slider.accessibleName() == name)


def test_sliders_change_the_network_and_every_number_with_it(qtbot, open_bench) -> None:
    view = open_bench("architecture")
    assert "24,234" in texts(view)
    with qtbot.waitSignal(view.changed):
        slider(view, "Convolutions").setValue(0)
    assert view.settings()["depth"] == 1 and len(view.measures.rows) == 5
    assert f"{view.measures.parameters:,}" in texts(view)
    press(view, "Dense")
    assert view.settings()["end"] == "dense" and says(view, "In all")
    press(view, "valid")
    slider(view, "kernel_size").setValue(5)
    slider(view, "Convolutions").setValue(7)
    assert view.measures.problems and says(view, str(view.measures.problems[0])) and "–" in texts(view)
    assert [code.label for code in view.code()] == ["Python", "Keras", "Keras, dense"]


def test_no_word_above_a_figure_is_cut_in_a_narrow_window(qtbot, open_bench) -> None:
    set_language("es")
    view = open_bench("architecture")
    captions = [caption for figure in parts(view, KeyFigure) for caption in parts(figure, Caption)]

    def cut() -> list[str]:
        return [caption.text() for caption in captions if caption.width() < max(
            caption.fontMetrics().horizontalAdvance(word) for word in caption.text().upper().split())]

    for width in range(520, 1000, 20):
        view.resize(width, 700)
        # Cards and controls find their places after one another.
        qtbot.waitUntil(lambda: not cut(), timeout=2000)


def test_a_layer_is_chosen_with_the_mouse_and_with_keys_and_its_field_is_framed(qtbot, open_bench) -> None:
    view = open_bench("architecture")
    rows, picture = parts(view, LayerRows)[0], parts(view, FieldPicture)[0]
    assert len(picture.boxes) == 7 and picture.boxes[-1].height == 22
    qtbot.mouseClick(rows, Qt.MouseButton.LeftButton, pos=QPoint(40, 2 * LINE + 8))
    assert view.settings()["layer"] == "conv" and picture.boxes[-1][:4] == (15, 15, 3, 3)
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert view.settings()["layer"] == "max_pooling" and "MaxPooling2D" in rows.accessibleDescription()
    qtbot.keyClick(rows, Qt.Key.Key_End)
    assert picture.boxes[-1][:4] == (0, 0, 32, 32)
    qtbot.keyClick(rows, Qt.Key.Key_Home)
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert view.settings()["place"][0] > 0.5


def test_it_is_restored_and_told_in_spanish(open_bench) -> None:
    set_language("es")
    view = open_bench("architecture")
    view.restore({"side": 64, "channels": 1, "pooling": "none", "stride": 2, "layer": "conv_2", "nonsense": 3})
    kept = view.settings()
    assert (kept["side"], kept["channels"], kept["pooling"], kept["stride"], kept["layer"]) == (64, 1, "none", 2, "conv_2")
    assert says(view, "La primera convolución usa la misma ventana")
    view.restore({})
    kept = view.settings()
    assert {name: kept[name] for name in Design.__struct_fields__} == {
        name: getattr(Design(), name) for name in Design.__struct_fields__}


def test_the_network_becomes_that_of_the_project(qtbot, workspace, window, project_folder) -> None:
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    view = ArchitectureView(workspace)
    view.restore({"depth": 2, "filters": 8})
    before = window.session.project.network
    press(view, "Use in the project")
    assert window.session.project.network == convolutional(Design(depth=2, filters=8)) != before
    assert window.current.id == "network"
    window.session.undo()
    assert window.session.project.network == before
    view.close_bench()
    view.deleteLater()


def test_without_a_project_the_button_says_what_to_do(open_bench) -> None:
    view = open_bench("architecture")
    use = button(view, "Use in the project")
    assert not use.isEnabled() and "Open a project" in use.toolTip()
