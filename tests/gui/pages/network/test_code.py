"""The code of the network beside the canvas: edited, pasted, opened, and kept."""

from __future__ import annotations

from PySide6.QtCore import Qt

from cnnstudio.gui.pages.network.code import CodeView
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.state.commands import CloseProject, OpenPaths, OpenProject, SetSetting
from cnnstudio.gui.widgets.basics import Button
from tests.gui.driving import part, parts


def editing(page, text=None):
    """The Code view, its code ready to be changed."""
    page.show_view("code")
    part(page, CodeView).edit()
    if text is not None:
        part(page, CodeView).text.put(text)
    return part(page, CodeView)


def test_changed_code_is_applied_to_the_canvas_in_one_step(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.moved.emit({"conv": (700.0, 40.0)})
    before = page.session.project
    code = editing(page)
    code.text.put(code.text.toPlainText().replace("filters=16", "filters=24"))
    assert code.apply()
    assert not code.is_editing and code.text.isReadOnly()
    network = page.session.project.network
    assert network.node("conv_2").params["filters"] == 24
    assert network.node("conv").position == (700.0, 40.0)
    assert {node.id for node in network.nodes} == {node.id for node in before.network.nodes}
    assert "filters=24" in code.text.toPlainText()
    page.session.undo()
    assert page.session.project == before
    assert "filters=24" not in code.text.toPlainText()
    editing(page)
    assert code.apply()
    assert page.session.project == before and page.session.redo_label is not None


def test_code_of_others_is_pasted_and_its_remarks_are_shown(page):
    from PySide6.QtGui import QGuiApplication

    code = editing(page)
    QGuiApplication.clipboard().setText(
        "import keras\nmodel = keras.Sequential([keras.Input((20, 24, 3)), keras.layers.RandomFlip(),\n"
        "    keras.layers.Conv2D(5, 3, dtype='float16', kernel_initializer=keras.initializers.Orthogonal(3.0)),\n"
        "    keras.layers.Flatten(), keras.layers.Dense(classes)])\n")
    code.paste()
    assert [problem.where.line for problem in code.remarks.problems] == [2, 3, 4]
    # What only tells is not marked.
    assert {selection.cursor.blockNumber() for selection in code.text.extraSelections()} == {1, 2}
    code.remarks.wanted.emit(3)
    assert code.text.textCursor().blockNumber() == 2
    assert code.apply()
    project = page.session.project
    assert [node.type for node in project.network.nodes] == ["Input", "Conv2D", "Flatten", "Output"]
    assert (project.recipe.height, project.recipe.width) == (20, 24)
    assert len(code.remarks.problems) == 3 and code.text.extraSelections() == []
    assert code.isVisible()


def test_code_in_trouble_stays_and_its_line_is_marked(qtbot, page):
    before = page.session.project
    code = editing(page, "import keras\nmodel = keras.Sequential([\n    keras.layers.Conv2D(3 3),\n])")
    assert not code.apply()
    (problem,) = code.remarks.problems
    assert (problem.code, problem.where.line) == ("code_syntax", 3)
    assert [selection.cursor.blockNumber() for selection in code.text.extraSelections()] == [2]
    assert code.is_editing and page.session.project is before
    # What is written is read after a pause; the canvas that changes meanwhile does not take it away.
    code.text.put("import torch\n")
    qtbot.waitUntil(lambda: [problem.code for problem in code.remarks.problems] == ["no_network"], timeout=5000)
    part(page, Gallery).template_chosen.emit("small_cnn")
    page.show_view("code")
    assert code.text.toPlainText() == "import torch\n"
    code.discard()
    assert "keras.Sequential" in code.text.toPlainText()
    assert code.remarks.problems == () and not code.remarks.isVisible()


def test_keys_of_the_code_editor(qtbot, page):
    code = editing(page, "x = 1")
    text = code.text
    text.moveCursor(text.textCursor().MoveOperation.End)
    qtbot.keyClicks(text, ":")
    qtbot.keyClick(text, Qt.Key.Key_Return)
    qtbot.keyClicks(text, "y")
    assert text.toPlainText() == "x = 1:\n    y"
    qtbot.keyClick(text, Qt.Key.Key_Backtab)
    assert text.toPlainText() == "x = 1:\ny"
    text.selectAll()
    qtbot.keyClick(text, Qt.Key.Key_Tab)
    assert text.toPlainText() == "    x = 1:\n    y"
    text.undo()
    assert text.toPlainText() == "x = 1:\ny"
    code.discard()
    code.form.set_value("torch")
    code.form.chosen.emit("torch")
    assert "Edit" in [shown.text() for shown in parts(code, Button)]


def test_source_files_open_from_the_page(qtbot, page, tmp_path):
    path = tmp_path / "señal.py"
    path.write_text("import keras\nmodel = keras.Sequential([keras.Input((20, 24, 3)), keras.layers.Flatten(), "
                    "keras.layers.Dense(n, activation='softmax')])\nmodel.compile('adam')\nmodel.fit(x, epochs=3)\n")
    assert page.files.take_paths([str(path)])
    qtbot.waitUntil(lambda: len(page.session.project.network.nodes) == 3, timeout=10_000)
    assert page.session.project.training.epochs == 3


def test_code_that_was_not_applied_is_kept(qtbot, page, window, project_folder):
    page.show_view("code")
    part(page, CodeView).edit()
    part(page, CodeView).text.put(part(page, CodeView).text.toPlainText().replace("filters=6", "filters=7"))
    changed = part(page, CodeView).text.toPlainText()
    draft = project_folder / "code_draft.py"
    qtbot.waitUntil(draft.exists, timeout=5000)
    # Another language builds the page anew.
    window.perform(SetSetting("language", "es"))
    qtbot.waitUntil(lambda: window.current is not page, timeout=5000)
    again = window.current
    assert part(again, CodeView).is_editing
    assert part(again, CodeView).text.toPlainText() == changed
    part(again, CodeView).text.put(changed + "# más\n")
    window.perform(CloseProject())
    assert draft.read_text("utf-8") == changed + "# más\n", "kept at once when the project is left"
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    window.go("network")
    page = window.current
    assert part(page, CodeView).text.toPlainText() == changed + "# más\n"
    assert part(page, CodeView).apply()
    assert not draft.exists()
    assert page.session.project.network.node("conv").params["filters"] == 7
    part(page, CodeView).edit()
    part(page, CodeView).keep()
    assert not draft.exists(), "nothing was changed"
    part(page, CodeView).text.put("import keras")
    part(page, CodeView).keep()
    assert draft.exists()
    part(page, CodeView).discard()
    assert not draft.exists()
    assert not part(page, CodeView).is_editing


def test_code_dropped_on_another_page_opens_on_the_canvas(qtbot, page, window, tmp_path):
    path = tmp_path / "señal.py"
    path.write_text("import keras\nmodel = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(name='flat')])\n",
                    encoding="utf-8")
    window.go("train")
    window.perform(OpenPaths((str(path),)))
    assert window.current is page
    qtbot.waitUntil(lambda: "flat" in [node.id for node in page.session.project.network.nodes], timeout=10_000)
