"""The Network page: the canvas follows the specs, and every wish of the user becomes one undoable edit."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core import edits
from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network.code import CodeView
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.network.palette import LayerPalette, LayerRow, entries, is_match
from cnnstudio.gui.pages.network.views import LayerTable
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.table import Column, Table
from tests.gui.driving import field, part, press, texts


def ids(page):
    return [node.id for node in page.session.project.network.nodes]


def test_the_canvas_shows_the_network(page):
    network = page.session.project.network
    assert set(page.editor.scene.nodes) == set(ids(page))
    assert len(page.editor.scene.edges) == len(network.edges)


def test_templates_and_bases_from_the_gallery(page):
    for template in TEMPLATES.ids():
        part(page, Gallery).template_chosen.emit(template)
        assert page.session.project.network.origin == template
        assert set(page.editor.scene.nodes) == set(ids(page))
    part(page, Gallery).base_chosen.emit("efficientnet_lite0")
    assert page.session.project.recipe.normalization == "base"
    page.session.undo()
    assert page.session.project.network.origin == TEMPLATES.ids()[-1]


def test_a_layer_is_inserted_behind_the_chosen_one(qtbot, page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.choose(["conv"])
    row = next(row for row in part(page, LayerPalette).findChildren(LayerRow) if row.layer.id == "Dropout")
    qtbot.mouseDClick(row, Qt.MouseButton.LeftButton)
    network = page.session.project.network
    assert network.inputs_of("dropout") == ("conv",)
    assert network.inputs_of("average_pooling") == ("dropout",)
    assert page.editor.scene.chosen_nodes() == ["dropout"]
    qtbot.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert "dropout" not in ids(page)
    assert page.session.project.network.inputs_of("average_pooling") == ("conv",)


def test_a_drop_on_a_connection_inserts_and_one_beside_adds(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    edge = page.session.project.network.edges[0]
    page.editor.scene.dropped.emit("ReLU", edge, (0.0, 0.0))
    assert page.session.project.network.inputs_of("conv") == ("relu",)
    page.editor.scene.dropped.emit("Dense", None, (500.0, 40.0))
    assert page.session.project.network.node("dense_3").position == (500.0, 40.0)
    assert page.editor.scene.nodes["dense_3"].look.severity == "error"


def test_connecting_with_the_mouse(qtbot, page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.dropped.emit("Add", None, (300.0, 0.0))
    view, scene = page.canvas, page.editor.scene
    view.fit()

    def at(item, port):
        return view.mapFromScene(item.pos() + port)

    start = at(scene.nodes["input"], scene.nodes["input"].out_port())
    end = at(scene.nodes["add"], QPointF(WIDTH / 2, HEIGHT / 2))
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view.viewport(), start + QPoint(20, 20))
    qtbot.mouseMove(view.viewport(), end)
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=end)
    assert page.session.project.network.inputs_of("add") == ("input",)
    page.editor.scene.connected.emit("add", "input")
    assert page.session.project.network.inputs_of("input") == ()


def test_moving_is_one_step_and_arranging_forgets_it(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.moved.emit({"conv": (50.0, 60.0)})
    assert page.editor.scene.nodes["conv"].pos() == QPointF(50, 60)
    page.session.undo()
    assert page.editor.scene.nodes["conv"].pos() != QPointF(50, 60)
    page.session.redo()
    page.edit_actions.arrangement.arrange()
    assert page.session.project.network.node("conv").position is None


def test_the_inspector_sets_parameters_and_marks_what_is_wrong(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.choose(["conv"])
    form = part(page, NetworkInspector).findChild(Form)
    form.value_changed.emit("filters", 12)
    form.value_changed.emit("kernel_size", (99, 99))
    form.value_changed.emit("padding", "valid")
    assert page.session.project.network.node("conv").params["filters"] == 12
    assert page.editor.report.of("conv")[0].code == "shrinks_below_one"
    assert page.editor.scene.nodes["conv"].look.severity == "error"
    page.session.apply(page.editor.report.of("conv")[0].fixes[0])
    assert page.editor.report.problems == ()


def test_the_output_is_taken_over_and_follows_again(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.choose(["output"])
    press(page, "Customise…")
    assert page.session.project.network.node("output").type == "Dense"
    assert page.editor.report.problems == ()
    press(page, "Follow the classes")
    assert page.session.project.network.node("output").type == "Output"


def test_the_freeze_line_is_a_list_of_blocks(page):
    part(page, Gallery).base_chosen.emit("efficientnet_lite0")
    page.editor.scene.choose(["base"])
    before = page.editor.report.trainable
    part(page, NetworkInspector).findChild(Form).value_changed.emit("trainable_from", "block15")
    assert page.editor.report.trainable > before


def test_code_and_table_follow(page):
    part(page, Gallery).template_chosen.emit("residual")
    for view in ("table", "code", "canvas"):
        page.show_view(view)
    page.show_view("code")
    assert "keras.layers.Add" in part(page, CodeView).text.toPlainText()
    page.editor.scene.choose(["relu"])
    page.edit_actions.remove()
    assert 'name="relu")' not in part(page, CodeView).text.toPlainText()


def test_the_table_sorts_sizes_by_size_and_hides_no_share(page):
    part(page, Gallery).template_chosen.emit("vgg16")
    page.show_view("table")
    table = part(page, LayerTable).table
    model, titles = table.model(), [column.title for column in table.rows.columns]

    def sorted_by(title):
        place = titles.index(title)
        table.sortByColumn(place, Qt.SortOrder.AscendingOrder)
        return [model.index(row, place).data() for row in range(model.rowCount())]

    sizes = [eval(labels.replace("×", "*")) for labels in sorted_by("Output")]
    assert sizes == sorted(sizes)
    reach = sorted_by("Receptive field")
    assert reach[:3] == ["1 × 1", "3 × 3", "5 × 5"] and reach[-1] == "whole picture"
    assert [int(labels.split(" ")[0]) for labels in reach if " × " in labels] == sorted(
        int(labels.split(" ")[0]) for labels in reach if " × " in labels)
    shares = sorted_by("%")
    assert "0%" not in shares and "< 1%" in shares
    assert table.accessibleName()


def test_problems_of_several_layers_name_their_layer_and_how_many_are_left(qtbot, page):
    part(page, Gallery).template_chosen.emit("small_cnn")
    page.session.edit(lambda project: edits.set_network(project, edits.replace(project.network, edges=())),
                      Text("Disconnect", "Desconectar"))
    page.edit_actions.choose_all()
    chosen = page.editor.scene.chosen_nodes()

    def labels():
        return texts(part(page, NetworkInspector))

    problems = [problem for problem in page.editor.problems if problem.where.node in chosen]
    qtbot.waitUntil(lambda: {problem.where.node for problem in problems[:6]} <= set(labels()))
    assert f"And {len(problems) - 6} more." in labels()
    page.editor.scene.choose(chosen[:1])
    qtbot.waitUntil(lambda: not any(label.startswith("And ") for label in labels()))


def test_a_table_sorts_numbers_of_any_kind_and_size(qtbot):
    table = Table([Column("n", text=str, key=lambda row: row)])
    qtbot.addWidget(table)
    rows = [3, 0.5, 3_000_000_000, float("inf"), 1, 2**40, -1]
    table.set_rows(rows)
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert [table.model().index(place, 0).data() for place in range(len(rows))] == [str(value) for value in sorted(rows)]


def test_the_code_is_there_in_every_form_and_is_saved(page, tmp_path, monkeypatch):
    part(page, Gallery).template_chosen.emit("small_cnn")
    page.show_view("code")
    for form, fragment in (("keras_script", "model.fit("), ("torch", "class Network(nn.Sequential)"),
                           ("torch_script", "loss.backward()"), ("keras", "keras.Sequential(")):
        part(page, CodeView).form.set_value(form)
        part(page, CodeView).form.chosen.emit(form)
        text = part(page, CodeView).text.toPlainText()
        assert fragment in text
        compile(text, form, "exec")
    target = tmp_path / "network.py"
    monkeypatch.setattr("cnnstudio.gui.pages.network.files.ask_save_path", lambda *_: target)
    press(part(page, CodeView), "Save as…")
    assert target.read_text(encoding="utf-8") == part(page, CodeView).text.toPlainText()
    part(page, CodeView).form.set_value("keras_script")
    part(page, CodeView).form.chosen.emit("keras_script")
    press(part(page, CodeView), "Save as…")
    assert "network.pictures.jsonl" in target.read_text(encoding="utf-8")


def test_duplicates_keep_their_connections(page):
    part(page, Gallery).template_chosen.emit("lenet5")
    page.editor.scene.choose(["dense", "dense_2"])
    page.edit_actions.clipboard.duplicate()
    network = page.session.project.network
    assert network.inputs_of("dense_2_2") == ("dense_3",) or network.inputs_of("dense_4") == ("dense_3",)


def test_the_search_finds_by_letters():
    every = [entry for _title, lines in entries() for entry in lines]
    assert "block:squeeze_excite" in [entry.id for entry in every if is_match("squeeze", entry)]
    matches = [entry.id for entry in every if is_match("conv2", entry)]
    assert "Conv2D" in matches
    assert "Dense" not in matches


def test_every_layer_can_be_added_from_the_palette(page):
    for layer in LAYERS:
        part(page, Gallery).template_chosen.emit("lenet5")
        before = len(ids(page))
        page.edit_actions.insertion.insert(layer.id)
        assert len(ids(page)) == before + 1


class _Never:
    """A job that does not run."""

    class ended:  # noqa: N801 - a signal's name
        @staticmethod
        def connect(_slot):
            return None


def test_missing_weights_are_fetched_from_the_banner(page, monkeypatch):
    from cnnstudio.gui.pages.network import starting_points as module

    started = []
    monkeypatch.setattr(module, "ChildJob", lambda job, *_rest, **_more: started.append(job) or _Never())
    monkeypatch.setattr(page.session.jobs, "start", lambda job: job)
    part(page, Gallery).base_chosen.emit("mobilenet_v2")
    problem = next(problem for problem in page.editor.problems if problem.code == "weights_missing")
    assert page.editor.scene.nodes["base"].look.severity == "error"
    page.session.apply(problem.fixes[0])
    assert started[0].base == "mobilenet_v2"


def test_the_hint_of_the_inspector_follows_the_view(page):
    page.editor.scene.choose([])
    hints = {}
    for view in ("canvas", "table", "code", "canvas"):
        page.show_view(view)
        hints[view] = texts(part(page, NetworkInspector))[1]
    assert hints["canvas"].startswith("Drag layers")
    assert "row" in hints["table"] and "Edit" in hints["code"]


def test_a_layer_can_be_typed_as_soon_as_the_page_is_shown(qtbot, window, page, monkeypatch):
    typed = []
    monkeypatch.setattr(page.edit_actions.insertion, "ask_layer", lambda _canvas, text: typed.append(text))
    assert window.go("data") and window.go("network")
    qtbot.waitUntil(lambda: window.focusWidget() is page.canvas)
    qtbot.keyClick(window.focusWidget(), "d")
    assert typed == ["d"]


def test_f2_puts_the_keyboard_into_the_name_of_the_selected_layer(qtbot, window, page):
    page.editor.scene.choose([ids(page)[1]])
    qtbot.waitUntil(lambda: field(page, "Name of the layer").isVisible())
    page.canvas.setFocus()
    qtbot.keyClick(page.canvas, Qt.Key.Key_F2)
    assert window.focusWidget().accessibleName() == "Name of the layer"
    assert window.focusWidget().selectedText() == ids(page)[1]
