"""Start and Data, the window around them, its actions, and what a first paint may import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QListWidget, QScrollArea, QWidget

from cnnstudio.core.problems import Fix, error, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.data.quality import QualityPanel
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.state import commands
from cnnstudio.gui.state.commands import OpenPaths, OpenProject
from cnnstudio.gui.widgets.basics import Button, Elided, Label
from cnnstudio.gui.widgets.cards import Banner, Facts
from cnnstudio.gui.widgets.command_palette import CommandPalette, score
from cnnstudio.gui.widgets.grid import PictureGrid
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.window.actions import ENTRIES
from cnnstudio.gui.window.handlers import HANDLERS
from cnnstudio.gui.window.notices import (
    Toast,
    Toasts,
)
from cnnstudio.gui.window.settings_dialog import SettingsDialog
from tests.gui.driving import button, card, click, part, press, says, write


def grid_of(window):
    return part(window, PictureGrid)


def test_the_first_paint_needs_no_heavy_library():
    code = ("import sys\nfrom cnnstudio.app import make_application\napplication = make_application([])\n"
            "from cnnstudio.gui.window.main_window import MainWindow\nfrom cnnstudio.gui.state.workspace import Workspace\n"
            "window = MainWindow(Workspace())\nwindow.show()\nwindow.grab()\n"
            "heavy = {'keras', 'tensorflow', 'torch', 'jax', 'pyqtgraph', 'cv2', 'numpy'} & set(sys.modules)\n"
            "assert not heavy, heavy\nwindow.close()\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                          cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_project_only_start_is_there(window):
    assert window.current.id == "start"
    assert not window.go("data")
    assert not window.action_set["save"].isEnabled()


def test_a_project_opens_on_its_pictures(opened):
    assert opened.current.id == "data"
    assert len(grid_of(opened).ids) == 40
    assert "40" in opened.current.subtitle()
    assert opened.session.settings.recent[0].endswith("project")


def test_keys_relabel_and_undo(qtbot, opened):
    grid = grid_of(opened)
    grid.selection.select_only(0)
    qtbot.keyClick(grid, Qt.Key.Key_2)
    assert opened.workspace.counts.class_counts() == {"cat": 19, "dog": 21}
    opened.action_set["undo"].trigger()
    assert opened.workspace.counts.class_counts() == {"cat": 20, "dog": 20}


def test_delete_excludes_and_the_line_filters(qtbot, opened):
    grid = grid_of(opened)
    grid.selection.select_only(3)
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert opened.workspace.counts.excluded == 1
    press(part(opened, QualityPanel), "Excluded")
    assert len(grid.ids) == 1
    press(part(opened, QualityPanel), "Excluded")
    assert len(grid.ids) == 40


def test_filters_by_class_split_and_text(opened):
    grid, side = grid_of(opened), part(opened, DataSide)
    side.classes.chosen.emit("cat", False)
    assert len(grid.ids) == 20
    write(opened, "Text in the path…", "cat03")
    assert len(grid.ids) == 1
    write(opened, "Text in the path…", "nothing like it")
    assert says(opened, "No picture matches these filters")
    press(opened, "Show all pictures")
    press(side, "Training")
    assert len(grid.ids) == opened.workspace.counts.split_counts()["train"]


def test_other_pages_can_show_certain_pictures(opened):
    opened.go("start")
    opened.perform(commands.FilterPictures(("cat/cat01.png", "dog/dog02.png"), "cat as dog"))
    assert opened.current.id == "data"
    assert len(grid_of(opened).ids) == 2


def test_dropping_pictures_on_a_class_relabels(opened):
    part(opened, DataSide).classes.dropped.emit("dog", list(grid_of(opened).ids[:3]))
    assert opened.workspace.counts.class_counts() == {"cat": 17, "dog": 23}


def test_an_unreadable_file_is_a_filter(qtbot, window, pictures_folder, project_folder):
    (pictures_folder / "cat" / "bad.png").write_bytes(b"no picture")
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform(OpenProject(str(project_folder)))
    problems = window.workspace.checks.check_now()
    problem = next(problem for problem in problems if problem.code == "unreadable_pictures")
    window.session.apply(problem.fixes[0])
    grid = grid_of(window)
    assert len(grid.ids) == 1
    grid.selection.select_only(0)
    grid.selection_changed.emit()
    assert window.workspace.collection.rows(list(grid.ids))[0].problem is not None


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_language_and_theme_change_at_once_and_nothing_is_lost(qtbot, opened, language, look):
    grid_of(opened).selection.select_only(5)
    opened.session.set_setting("theme", look)
    opened.session.set_setting("language", language)
    qtbot.wait(50)
    assert opened.current.id == "data"
    assert str(opened.entries[1].title) == ("Datos" if language == "es" else "Data")
    assert len(grid_of(opened).ids) == 40
    clipped = [label.text() for label in opened.findChildren(QLabel)
               if label.isVisible() and isinstance(label, Label) and not label.wordWrap()
               and label.width() < label.sizeHint().width() - 1]
    assert not clipped
    for shown in opened.findChildren(Button):
        if shown.isVisible() and shown.kind not in ("icon", "row"):
            assert shown.width() >= shown.minimumSizeHint().width() - 1, shown.text()


def test_qt_speaks_the_language_too(qtbot, window):
    def said():
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        qtbot.addWidget(box)
        return box.buttons()[0].text()

    assert said() == "Cancel"
    window.session.set_setting("language", "es")
    assert said() == "Cancelar"
    assert QKeySequence("Ctrl+Shift+Z") == QKeySequence("Ctrl+Shift+Z", QKeySequence.SequenceFormat.PortableText)
    window.session.set_setting("language", "en")
    assert said() == "Cancel"


@pytest.mark.skipif(sys.platform == "darwin", reason="keys are signs there")
def test_spanish_menus_name_keys_as_tooltips_do(window):
    def keys(*names: str) -> list[str]:
        return [QKeySequence(name).toString(QKeySequence.SequenceFormat.NativeText) for name in names]

    window.session.set_setting("language", "es")
    assert keys("Ctrl+Z", "Ctrl+Shift+Z", "Del") == ["Ctrl+Z", "Ctrl+Mayús+Z", "Supr"]
    assert QKeySequence("Ctrl+Shift+Z").toString() == "Ctrl+Shift+Z", "files and settings keep the one form"
    window.session.set_setting("language", "en")
    assert keys("Ctrl+Shift+Z", "Del") == ["Ctrl+Shift+Z", "Del"]


def test_a_folder_becomes_a_project(qtbot, window, pictures_folder, tmp_path):
    window.perform(OpenPaths((str(pictures_folder),)))
    place = tmp_path / "made here"
    write(window, "Location", str(place))
    press(window, "Choose manually")
    card(window, "LeNet-5").clicked.emit()
    press(window, "Create project")
    qtbot.waitUntil(lambda: window.session.is_open, timeout=20_000)
    assert window.session.folder == place
    assert window.session.project.network.origin == "lenet5"
    assert window.current.id == "data"
    with qtbot.waitSignal(window.session.jobs.ended):
        pass


def test_a_missing_recent_project_is_marked_and_can_be_forgotten(window, tmp_path):
    window.session.set_setting("recent", (str(tmp_path / "missing"),))
    assert says(card(window, "missing"), "not found")
    press(window, "Remove from this list")
    assert window.session.settings.recent == ()


def test_what_is_dropped_and_is_nothing_says_so(window, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("hello")
    window.perform(OpenPaths((str(path),)))
    assert window.toasts.isVisibleTo(window)


def test_letters_find_actions():
    assert score("", "Save") == 0
    assert score("nw prj", "New project from a folder…") is not None
    assert score("xyz", "Save") is None
    assert score("espanol", "Español") == 0
    assert score("save", "Save") < score("save", "A project that was saved here")


def test_the_palette_finds_and_does(qtbot, opened):
    done = []
    opened.action_set["page:start"].triggered.connect(lambda: done.append(True))
    opened.perform(commands.SearchActions())
    palette = part(opened, CommandPalette)
    search = part(palette, SearchBox)
    qtbot.keyClicks(search, "start")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert done == [True]
    assert opened.current.id == "start"


def test_the_palette_is_in_the_middle_with_whole_rows_and_closes_with_one_escape(qtbot, opened):
    opened.perform(commands.SearchActions())
    palette = part(opened, CommandPalette)
    middle = palette.geometry().center() - opened.mapToGlobal(opened.rect().center())
    assert middle.manhattanLength() <= 12
    rows = part(palette, QListWidget)
    assert rows.viewport().height() % rows.sizeHintForRow(0) == 0
    field = part(palette, SearchBox)
    qtbot.keyClicks(field, "und")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_settings_apply_at_once(qtbot, window):
    dialog = SettingsDialog(window.session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    window.session.set_setting("language", "es")
    qtbot.wait(50)
    assert dialog.windowTitle() == "Ajustes"
    assert dialog.isVisible()


def test_closing_saves(opened, project_folder):
    from cnnstudio.core import edits
    from cnnstudio.core.files import read_project

    opened.session.edit(lambda project: edits.set_field(project, "recipe", "height", 48), Text("Height", "Alto"))
    opened.close()
    assert read_project(project_folder).recipe.height == 48


def test_the_page_in_view_stays_marked_when_it_is_clicked_again(opened):
    data = button(opened.rail, "Data")
    click(data)
    click(data)
    assert data.isChecked()


def test_messages_one_above_the_other_show_all_their_words(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 800)
    window.show()
    toasts = Toasts(window)
    for number in range(3):
        text = f"{number} " + "many words that take several lines. " * (4 * number + 1)
        toasts.show_problem(warning("told", Text(text, text), "network"))
        qtbot.wait(10)
        shown = toasts.findChildren(Toast)
        assert len(shown) == number + 1
        assert all(toast.height() >= toast.heightForWidth(toast.width()) for toast in shown)


@pytest.mark.parametrize(("page", "size"), [
    *((page, (1100, 700)) for page in ("train", "prepare", "evaluate", "predict", "export", "data", "start")),
    *((page, (960, 600)) for page in ("train", "prepare", "evaluate", "predict", "export", "data", "start"))])
def test_nothing_is_cut_off_in_a_small_window_with_long_words(qtbot, window, project_folder, page, size):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    window.session.set_setting("language", "es")
    window.resize(*size)
    assert window.go(page)
    qtbot.waitUntil(lambda: not [job for job in window.session.jobs if not job.quiet], timeout=20_000)
    qtbot.wait(300)
    for area in window.findChildren(QScrollArea):
        if area.isVisible() and not area.horizontalScrollBar().isVisible():
            # A few pixels are those of the empty margin.
            assert area.widget().width() <= area.viewport().width() + 8, f"{page}: what is at the right cannot be reached"


def test_a_long_value_shortens_no_other_name(qtbot):
    facts = Facts()
    qtbot.addWidget(facts)
    facts.set_facts([("Network", "efficientnet_lite0"), ("Val. accuracy", "38.9 %")])
    facts.resize(190, 80)
    facts.show()
    name = next(label for label in facts.findChildren(Elided) if label.text() == "Val. accuracy")
    assert name.width() >= name.sizeHint().width() - 2


def test_a_damaged_index_has_its_mend_on_the_page(qtbot, window, project_folder):
    index = project_folder / "dataset.sqlite"
    index.write_bytes(b"not a database" * 100)
    for end in ("-wal", "-shm"):
        Path(f"{index}{end}").unlink(missing_ok=True)
    noticed = []
    window.session.problem_reported.connect(noticed.append)
    window.perform(OpenProject(str(project_folder)))
    window.workspace.checks.check_now()
    # It alone, on the page until it is mended: not that there are no pictures, and no message that stays behind.
    (problem,) = window.current.blocking_problems()
    assert problem.code == "damaged_index"
    assert not noticed
    (fix,) = problem.fixes
    banner = next(candidate for candidate in window.findChildren(Banner) if candidate.problem == problem)
    text = banner.findChild(Label)
    assert text.width() > banner.width() / 2
    assert "Set the index aside" in fix.label.en
    window.session.apply(fix)
    qtbot.waitUntil(lambda: window.workspace.counts.total == 40 and not len(window.session.jobs))
    assert noticed[-1].code == "index_set_aside"
    assert list(project_folder.glob("dataset.damaged-*.sqlite"))
    assert "damaged_index" not in [problem.code for problem in window.workspace.checks.check_now()]
    assert window.workspace.collection.index is not None


def test_every_command_has_a_handler_and_every_fix_a_command_or_an_edit():
    from cnnstudio.network.fixes import FIXES

    kinds = {kind for kind in vars(commands).values()
             if isinstance(kind, type) and issubclass(kind, commands.Command) and kind is not commands.Command}
    assert set(HANDLERS) == kinds
    package = Path(__file__).parents[3] / "cnnstudio"
    actions = {action for path in package.rglob("*.py")
               for action in re.findall(r"Fix\(\s*action=\"(\w+)\"", path.read_text("utf-8"))}
    assert len(actions) > 20
    assert actions <= set(FIXES) | set(commands.FIX_COMMANDS)


def test_a_fix_of_another_page_brings_it_into_view(opened):
    opened.go("start")
    fix = Fix(action="choose_own_base", label=Text("Choose the model…", "Elegir el modelo…"), arguments={"node": "base"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnstudio.gui.pages.network.models.QFileDialog.getOpenFileName", lambda *_words: ("", ""))
        opened.session.apply(fix)
    assert opened.current.id == "network"


def test_quit_ends_the_file_menu_apart_from_the_rest(window):
    menu = window.action_set.menu(window)
    file = next(action.menu() for action in menu.actions() if action.text() == "File")
    *_others, before, last = file.actions()
    assert last.text() == "Quit"
    assert before.isSeparator()
    icons_of = {entry.id: entry.icon for entry in ENTRIES}
    assert icons_of["download"] != icons_of["collect"], "an arrow down and an arrow up"


def test_a_problem_of_a_layer_names_it_away_from_the_canvas(window):
    problem = error("no_input", Text("This layer has no input.", "Esta capa no tiene entrada."), "network", node="dropout")
    window.session.report(problem)
    assert says(window.toasts, "dropout: This layer has no input.")
    banner = Banner(problem, parent=window)
    assert banner.accessibleName() == "dropout: This layer has no input."
    assert Banner(error("x", Text("dropout is odd.", "dropout es raro."), "network", node="dropout"),
                  parent=window).accessibleName() == "dropout is odd."
