"""A model of one's own as a base in the window: chosen, dropped, from a run, opened into its layers, chosen again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QMenu

from cnnstudio.catalog.bases import BASES
from cnnstudio.gui.pages.network.freeze import FreezeCard
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector, OwnCard
from cnnstudio.gui.pages.network.layers import BaseLayers
from cnnstudio.gui.pages.network.models import RunsDialog
from cnnstudio.gui.pages.network.torch_base import TorchBase
from cnnstudio.gui.state.commands import OpenPaths, OpenProject
from cnnstudio.gui.widgets.cards import Facts
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.own_bases import trained_runs
from tests.gui.driving import button, part, texts
from tests.interchange.keras_files import PLAIN, chain, write_h5, write_model


@pytest.fixture
def page(qtbot, window, project_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("network")
    return window.current


@pytest.fixture
def problems(page):
    reported = []
    page.session.problem_reported.connect(reported.append)
    return reported


def settle(qtbot, page):
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=10_000)


def test_a_model_in_hdf5_is_chosen_dropped_or_opened(qtbot, page, tmp_path, monkeypatch):
    page.show_view("gallery")
    filters = []
    path = write_h5(tmp_path / "Old one.h5")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: filters.append(arguments[-1]) or (str(path), ""))
    button(part(page, Gallery), "Your own model…").click()
    settle(qtbot, page)
    assert "*.h5" in filters[0] and "*.keras" in filters[0]
    assert node(page).params["file"].endswith(".h5") and page.editor.report.problems == ()
    # Dropped anywhere, it is asked what it is meant as.
    page.canvas.window().go("data")
    page.canvas.window().perform(OpenPaths((str(path),)))
    menu = page.canvas.findChildren(QMenu)[-1]
    assert [action.text() for action in menu.actions()] == ["Use as a base", "Open its network"]
    menu.actions()[1].trigger()
    menu.close()
    settle(qtbot, page)
    assert [layer.id for layer in page.session.project.network.nodes] == ["in", "one", "two", "three", "four", "five", "six"][
        :len(PLAIN) + 1]


def node(page):
    return page.session.project.network.node("base")


def choose(page, monkeypatch, path):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_more: (str(path), ""))
    page.show_view("gallery")
    button(part(page, Gallery), "Your own model…").click()


@pytest.fixture
def started(qtbot, page, tmp_path, monkeypatch):
    """The page, started from a model of one's own."""
    choose(page, monkeypatch, write_model(tmp_path / "Leaf net.keras"))
    settle(qtbot, page)
    return page


def test_a_file_becomes_the_base_and_stands_first_in_the_gallery(started):
    assert node(started).params["base"] == "own"
    file = node(started).params["file"]
    assert (started.session.folder / file).is_file()
    assert started.editor.report.problems == ()
    assert started.editor.scene.nodes["base"].look.title == "leaf-net"
    assert "leaf-net" in started.subtitle()
    started.show_view("gallery")
    table = part(part(started, Gallery), Table)
    rows = table.rows.rows
    assert [base.id for base in rows] == [f"{file}:zero_one", *BASES.ids()]
    table.select(rows[0])
    note = next(text for text in texts(part(started, Gallery)) if file in text)
    assert "16\u00a0×\u00a016\u00a0×\u00a03" in note and "does not scale" in note
    assert not button(part(started, Gallery), "Source").isEnabled()
    started.session.undo()
    assert started.session.project.network.origin == "lenet5"
    part(started, Gallery).base_chosen.emit(rows[0].id)
    assert node(started).params["file"] == file


def test_what_cannot_be_a_base_is_told_and_changes_nothing(qtbot, page, problems, tmp_path, monkeypatch):
    (tmp_path / "bad.keras").write_bytes(b"hello")
    choose(page, monkeypatch, tmp_path / "bad.keras")
    settle(qtbot, page)
    assert [problem.code for problem in problems] == ["own_base_damaged"]
    assert page.session.project.network.origin == "lenet5"


def test_the_inspector_shows_what_it_is_and_offers_its_lines_and_ends(started):
    started.editor.scene.choose(["base"])
    (card,) = part(started, NetworkInspector).findChildren(OwnCard)
    content = " ".join([*(label.text() for label in card.findChildren(QLabel)),
                        *(value for facts in card.findChildren(Facts) for _name, value in facts.facts)])
    file = node(started).params["file"]
    assert file.removeprefix("bases/") in content and file[-18:-6] in content and "x / 255" in content
    form = part(started, NetworkInspector).findChild(Form)

    def offered(name):
        return form.editor(name).values

    assert offered("file") == [file]
    assert offered("trainable_from") == ["none", "three", "all"]
    assert offered("ends_at") == ["all", "five", "four", "three", "two", "one"]
    assert not form.is_shown("weights") and form.is_shown("scaling")
    form.value_changed.emit("ends_at", "five")
    assert started.editor.report.nodes["base"].shape == (8,)
    form = part(part(started, NetworkInspector), Form)
    assert offered("trainable_from") == ["none", "five", "three", "all"]
    assert "its first training" in " ".join(texts(part(started, FreezeCard)))


def test_a_missing_file_is_told_and_chosen_again(qtbot, started, problems, tmp_path, monkeypatch):
    file = node(started).params["file"]
    (started.session.folder / file).unlink()
    started.session.announce("network")
    started.editor.scene.choose(["base"])
    (problem,) = started.editor.report.of("base")
    assert (problem.code, started.editor.scene.nodes["base"].look.severity) == ("own_base_missing", "error")
    assert started.session.save_now()
    assert started.subtitle() == "5 layers · started from leaf-net"
    copy = tmp_path / "another name.keras"
    (tmp_path / "Leaf net.keras").rename(copy)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_more: (str(copy), ""))
    assert not button(part(started, NetworkInspector), "Expand into layers…").isEnabled()
    started.session.apply(problem.fixes[0])
    settle(qtbot, started)
    assert started.editor.report.problems == () and node(started).params["file"] == file
    assert part(started, NetworkInspector).findChildren(OwnCard)
    (started.session.folder / file).unlink()
    started.session.announce("network")
    other = write_model(tmp_path / "other.keras", chain(*PLAIN[:2], *PLAIN[3:]))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_more: (str(other), ""))
    started.session.apply(started.editor.report.of("base")[0].fixes[0])
    settle(qtbot, started)
    assert node(started).params["file"] != file
    assert started.editor.report.problems == () and problems[1:] == []


def test_it_opens_into_its_layers_where_the_line_and_the_end_are_set(started):
    started.editor.scene.opened.emit("dropout")
    assert not started.canvas.window().findChildren(BaseLayers)
    started.editor.scene.choose(["base"])
    button(part(started, NetworkInspector), "Expand into layers…").click()
    (dialog,) = started.canvas.window().findChildren(BaseLayers)

    def rows():
        return [(row.node.id, row.block, row.state, row.included) for row in dialog.table.rows.rows]

    assert rows() == [("in", "", "", True), ("scaling", "", "", True), ("one", "one", "frozen", True), ("two", "one", "", True),
                      ("three", "three", "frozen", True), ("four", "three", "", False), ("five", "five", "frozen", False)]
    dialog.table.select(dialog.table.rows.rows[4])
    dialog.learn.click()
    assert node(started).params["trainable_from"] == "three"
    assert [state for _id, _block, state, _included in rows()] == ["", "", "frozen", "", "learns", "", "learns"]
    dialog.table.select(dialog.table.rows.rows[3])
    dialog.end.click()
    assert started.editor.report.nodes["base"].shape == (8, 8, 4)
    assert [included for *_, included in rows()] == [True] * 4 + [False] * 3
    dialog.end_as_proposed.click()
    dialog.freeze.click()
    assert (node(started).params["ends_at"], node(started).params["trainable_from"]) == ("all", "none")
    assert not dialog.freeze.isEnabled() and not dialog.end_as_proposed.isEnabled()
    dialog.accept()


def test_a_built_in_base_opens_too(qtbot, page):
    part(page, Gallery).base_chosen.emit("vgg16")
    page.canvas.fit()
    item = page.editor.scene.nodes["base"]
    place = page.canvas.mapFromScene(item.sceneBoundingRect().center())
    qtbot.mouseDClick(page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    (dialog,) = page.canvas.window().findChildren(BaseLayers)
    rows = dialog.table.rows.rows
    dialog.table.select(next(row for row in rows if row.node.id == "block4_conv2"))
    dialog.end.click()
    assert node(page).params["ends_at"] == "block4"
    dialog.accept()


def test_a_dropped_model_asks_what_it_is_meant_for(qtbot, page, tmp_path):
    path = write_model(tmp_path / "net.keras")
    assert not page.take_paths([str(tmp_path / "photo.jpg")])
    page.canvas.window().perform(OpenPaths((str(path),)))
    (menu,) = [candidate for candidate in page.canvas.findChildren(QMenu) if candidate.isVisible()]
    assert [action.text() for action in menu.actions()] == ["Use as a base", "Open its network"]
    menu.actions()[0].trigger()
    settle(qtbot, page)
    menu.close()
    assert node(page).params["base"] == "own"
    page.take_paths([str(path)])
    (menu,) = [candidate for candidate in page.canvas.findChildren(QMenu) if candidate.isVisible()]
    menu.actions()[1].trigger()
    menu.close()
    assert page.session.project.network.node("one").type == "Conv2D"


def test_a_run_of_this_or_another_project_becomes_the_base(qtbot, page, project_folder):
    dialog = page.own.choose_run()
    settle(qtbot, page)
    assert dialog.note.text() == "There is no trained run yet." and not dialog.take.isEnabled()
    dialog.reject()
    run = project_folder / "runs" / "2026-01-02-030405-lenet5"
    run.mkdir(parents=True)
    page.session.save_now()
    (run / "spec.json").write_bytes((project_folder / "project.cnnstudio").read_bytes())
    write_model(run / "model.keras")
    (source,) = trained_runs([project_folder, project_folder, project_folder / "nowhere"])
    assert source.run.id == run.name
    dialog = page.own.choose_run()
    settle(qtbot, page)
    assert [row.run.id for row in dialog.table.rows.rows] == [run.name]
    dialog.take.click()
    settle(qtbot, page)
    assert node(page).params["file"].startswith("bases/pictures-lenet5-")
    assert not [dialog for dialog in page.canvas.window().findChildren(RunsDialog) if dialog.isVisible()]


@pytest.fixture
def torch_files(tmp_path, monkeypatch):
    monkeypatch.setattr(TorchBase, "target", "tests.gui.pages.network.children:joins")
    code, weights = tmp_path / "Leaves.py", tmp_path / "leaves.pth"
    code.write_text("import torch")
    weights.write_bytes(b"weights")
    return [str(weights), str(code)]


def test_pytorch_code_and_its_weights_are_dropped_as_a_base(qtbot, page, problems, torch_files):
    assert page.drop_text(torch_files) == "Use as a base with these weights"
    assert page.take_paths(torch_files)
    qtbot.waitUntil(lambda: node(page) is not None, timeout=20_000)
    assert str(node(page).params["file"]).startswith("bases/leaves-")
    assert "5 of 6 layers" in str(problems[0].text) and "1 (last)" in str(problems[0].text)
    assert page.drop_text(torch_files[:1]) == ""


def test_pytorch_code_is_chosen_and_then_its_weights(qtbot, page, torch_files, monkeypatch):
    answers = [torch_files[1], torch_files[0]]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args, **_more: (answers.pop(0), ""))
    page.show_view("gallery")
    button(part(page, Gallery), "Your own model…").click()
    qtbot.waitUntil(lambda: node(page) is not None, timeout=20_000)
    assert answers == []
