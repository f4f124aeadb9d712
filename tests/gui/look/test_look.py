"""Tokens, colours, icons: what everything is drawn with."""

from __future__ import annotations

import itertools
import re

import pytest

from cnnstudio.core.places import resource
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.look.stylesheet import stylesheet
from cnnstudio.gui.pages import PAGES
from cnnstudio.gui.window.actions import ENTRIES

GROUNDS = ("bg", "surface", "raised", "sunk", "accent_bg")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_can_be_read_on_every_ground(name):
    colors = tokens.THEMES[name]
    for ink, ground in itertools.product(("text", "dim", "accent"), GROUNDS):
        assert theme.contrast(getattr(colors, ink), getattr(colors, ground)) >= 4.5, (ink, ground)
    for ink, ground in itertools.product(("ok", "warn", "error"), GROUNDS[:4]):
        assert theme.contrast(getattr(colors, ink), getattr(colors, ground)) >= 4.5, (ink, ground)
    assert theme.contrast(colors.on_accent, colors.accent) >= 4.5
    assert theme.contrast(colors.faint, colors.surface) >= 3.0


def test_contrast_is_that_of_wcag():
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.usefixtures("qapp")
def test_class_colours_differ_and_the_first_are_okabe_itos():
    assert [theme.class_color(index).name().upper() for index in range(2)] == ["#0072B2", "#E69F00"]
    assert len({theme.class_color(index).name() for index in range(40)}) == 40
    assert theme.class_color(-1).isValid()


def test_the_style_sheet_names_tokens_only():
    for colors in tokens.THEMES.values():
        sheet = stylesheet(colors)
        assert "$" not in sheet
        allowed = {value.upper() for value in colors}
        assert {value.upper() for value in re.findall(r"#[0-9A-Fa-f]{6}\b", sheet)} <= allowed


@pytest.mark.usefixtures("qapp")
def test_every_icon_that_is_named_is_there_and_draws():
    wanted = {entry.icon for entry in ENTRIES if entry.icon} | {page.icon for page in PAGES}
    assert wanted <= set(icons.names())
    for name in icons.names():
        image = icons.pixmap(name, "text", 24).toImage()
        drawn = any(image.pixelColor(x, y).alpha() for x in range(0, 48, 2) for y in range(0, 48, 2))
        assert drawn, name


@pytest.mark.usefixtures("qapp")
def test_the_bundled_face_has_tabular_figures():
    assert resource("fonts", "Inter-OFL.txt").is_file()
    from PySide6.QtGui import QFontInfo, QFontMetricsF

    face = theme.font()
    assert QFontInfo(face).family().startswith("Inter")
    metrics = QFontMetricsF(face)
    assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("8888"))


def test_the_file_dialog_of_qt_speaks_the_language_whole(qtbot, qapp, tmp_path):
    from PySide6.QtWidgets import QFileDialog, QLabel

    from cnnstudio.gui.look.qt_translation import set_qt_language

    (tmp_path / "folder").mkdir()

    def said():
        dialog = QFileDialog(None, "", str(tmp_path))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        qtbot.addWidget(dialog)
        dialog.show()
        return {label.text().replace("&", "") for label in dialog.findChildren(QLabel)}

    english = said()
    set_qt_language(qapp, "es")
    try:
        spanish = said()
        assert spanish >= {"Buscar en:", "Nombre de archivo:", "Tipo de archivo:"}
        assert not spanish & (english - {""})
    finally:
        set_qt_language(qapp, "en")
