"""The theme in force: its colours and fonts. Widgets name a token, never a colour."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from cnnstudio.core.places import resource
from cnnstudio.gui.look.stylesheet import stylesheet
from cnnstudio.gui.look.tokens import CLASS_HUES, FAMILY_COLORS, NO_CLASS, SCALE, SPLIT_SHADES, THEMES, Tokens

_name = "light"
_family = "Inter"
_scale = 1.0
"""By how much all text is larger than in the type scale."""


def colors() -> Tokens:
    """The colours of the present theme."""
    return THEMES[_name]


def name() -> str:
    """The present theme: "light" or "dark"."""
    return _name


@functools.lru_cache(maxsize=256)
def _qcolor(value: str) -> QColor:
    return QColor(value)


@contextmanager
def painted_light() -> Iterator[None]:
    """A context in which painting uses the colours of the light theme: paper is white."""
    global _name
    before, _name = _name, "light"
    try:
        yield
    finally:
        _name = before


def color(token: str) -> QColor:
    """The colour of a token in the present theme; do not modify the result."""
    return _qcolor(getattr(colors(), token))


def class_color(index: int) -> QColor:
    """The colour of class number `index`: eight hues, then the same hues at other lightness.

    A class keeps its colour in every list, map, plot and matrix. -1 (no class) is grey.
    """
    if index < 0:
        return _qcolor(NO_CLASS)
    return QColor(class_color_name(index))


@functools.lru_cache(maxsize=4096)
def class_color_name(index: int) -> str:
    """`class_color` as #RRGGBB."""
    turn, hue = divmod(index, len(CLASS_HUES))
    base = QColor(CLASS_HUES[hue])
    if turn == 0:
        return base.name()
    # Lightness alternates down and up from the hue, closer to the ends with every second turn.
    steps = (0.30, 0.78, 0.20, 0.88, 0.40, 0.68)
    lightness = steps[(turn - 1) % len(steps)]
    hsl = base.toHsl()
    return QColor.fromHslF(max(hsl.hslHueF(), 0.0), hsl.hslSaturationF(), lightness).name()


def split_color(split: str) -> QColor:
    """The colour of a split beside classes, whose hues it must not borrow: a shade of the accent."""
    ink, ground, share = color("accent"), color("surface"), SPLIT_SHADES.get(split, 1.0)
    mixed = (round(share * getattr(ink, part)() + (1 - share) * getattr(ground, part)()) for part in ("red", "green", "blue"))
    return QColor(*mixed)


def family_color(family: str) -> QColor:
    """The colour of a layer family, an id of `catalog.layers.FAMILIES`."""
    return _qcolor(FAMILY_COLORS.get(family, NO_CLASS))


def font(style: str = "body", scale: float = 1.0) -> QFont:
    """A font of the type scale ("body", "body_strong", "secondary", "caption", "reading", "heading", "title", "figure")."""
    size, _height, weight = SCALE[style]
    result = QFont(_family)
    result.setPixelSize(max(1, round(size * scale * _scale)))
    result.setWeight(weight)
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if style == "caption":
        result.setCapitalization(QFont.Capitalization.AllUppercase)
        result.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.4)
    # Tabular figures: numbers in columns and running numbers keep their width.
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def mono_font(size: int = 13) -> QFont:
    """The font for code: JetBrains Mono where it is installed, else the system's."""
    result = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    families = ["JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono", result.family()]
    result.setFamilies(families)
    result.setPixelSize(round(size * _scale))
    return result


def load_fonts() -> None:
    """Register the bundled Inter font; without it the system's font is used."""
    global _family
    loaded = [QFontDatabase.addApplicationFont(str(resource("fonts", f"Inter-{weight}.otf")))
              for weight in ("Regular", "Medium", "SemiBold")]
    if loaded[0] < 0:
        _family = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()


def system_theme() -> str:
    """The theme of the system: "dark" or "light"."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def apply(application: QApplication, theme: str) -> None:
    """Apply the colours of `theme` ("light", "dark" or "system") to the whole program."""
    global _name
    _name = theme if theme in THEMES else system_theme()
    application.setFont(font("body"))
    application.setPalette(_palette(colors()))
    for window in application.topLevelWidgets():
        if window.parentWidget() is None and window.styleSheet():
            style(window)


def style(window: QWidget) -> None:
    """Give a widget without a parent the style sheet of the present theme; all inside it, and its dialogs, take it from it.

    The application has none. With one Qt would give its style to every widget below anew each time that a layout takes
    them in, and a page is made of a dozen nested layouts: pages opened at a quarter of the speed.
    """
    window.setStyleSheet(stylesheet(colors(), _scale))


def set_text_scale(application: QApplication, scale: float) -> None:
    """Make all text larger, for widgets that are made from now on."""
    global _scale
    _scale = scale
    apply(application, _name)


def text_scale() -> float:
    """By how much text is larger now."""
    return _scale


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, value in (
        (role.Window, t.bg), (role.WindowText, t.text), (role.Base, t.surface), (role.AlternateBase, t.sunk),
        (role.Text, t.text), (role.Button, t.raised), (role.ButtonText, t.text), (role.BrightText, t.on_accent),
        (role.Highlight, t.accent), (role.HighlightedText, t.on_accent), (role.Link, t.accent),
        (role.LinkVisited, t.accent), (role.PlaceholderText, t.dim), (role.ToolTipBase, t.raised),
        (role.ToolTipText, t.text), (role.Mid, t.line), (role.Midlight, t.line), (role.Light, t.raised),
        (role.Dark, t.line), (role.Shadow, t.line), (role.Accent, t.accent),
    ):
        palette.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.faint))
    return palette


def contrast(first: str, second: str) -> float:
    """The WCAG contrast ratio (1 to 21) of two #RRGGBB colours."""
    one, other = sorted((_luminance(first), _luminance(second)))
    return (other + 0.05) / (one + 0.05)


def _luminance(value: str) -> float:
    channels = [int(value[start:start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def on_color(ground: QColor) -> QColor:
    """Black or white, whichever is easier to read on `ground`."""
    dark = contrast(ground.name(), "#101214") >= contrast(ground.name(), "#FFFFFF")
    return _qcolor("#101214" if dark else "#FFFFFF")
