"""The design tokens: colours of the two themes, the type scale, and sizes in pixels."""

from __future__ import annotations

from typing import Final, NamedTuple

from PySide6.QtGui import QFont


class Tokens(NamedTuple):
    """The colours of one theme, as #RRGGBB."""

    bg: str
    surface: str
    raised: str
    sunk: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_bg: str
    on_accent: str
    ok: str
    warn: str
    error: str
    hover: str
    accent_strong: str
    scroll: str


# Four light tokens are a little darker than in the design, where their contrast was below 4.5 to 1.
LIGHT: Final = Tokens(
    bg="#F6F6F4", surface="#FFFFFF", raised="#FFFFFF", sunk="#EFEFEC", line="#E2E2DE",
    text="#1B1D20", dim="#5F646B", faint="#7F848B", accent="#3560D2", accent_bg="#E8EDFB", on_accent="#FFFFFF",
    ok="#187A4F", warn="#946007", error="#BE382E", hover="#F1F1EE",
    accent_strong="#2B52BA", scroll="#CFCFCA")
DARK: Final = Tokens(
    bg="#16181B", surface="#1D1F23", raised="#25282D", sunk="#121316", line="#32363C",
    text="#E9EAEC", dim="#A2A7AF", faint="#7B818A", accent="#7FA3FF", accent_bg="#253252", on_accent="#0E1420",
    ok="#58C08F", warn="#E0A94A", error="#F0776C", hover="#2C3036",
    accent_strong="#95B3FF", scroll="#3C4148")
THEMES: Final = {"light": LIGHT, "dark": DARK}

SCALE: Final = {
    "body": (13, 18, QFont.Weight.Normal),
    "body_strong": (13, 18, QFont.Weight.DemiBold),
    "secondary": (12, 16, QFont.Weight.Normal),
    "caption": (11, 16, QFont.Weight.DemiBold),
    "reading": (15, 24, QFont.Weight.Normal),
    "heading": (16, 24, QFont.Weight.DemiBold),
    "title": (18, 24, QFont.Weight.DemiBold),
    "figure": (22, 30, QFont.Weight.DemiBold),
}
"""Type scale: (pixel size, line height, weight)."""

RAIL_WIDTH: Final = 84
HEADER_HEIGHT: Final = 60
SIDE_WIDTH: Final = 232
INSPECTOR_WIDTH: Final = 304
STATUS_HEIGHT: Final = 28
CONTROL_HEIGHT: Final = 32
RADIUS: Final = 6
CARD_RADIUS: Final = 10
THUMBNAIL_RADIUS: Final = 8
THUMBNAIL_GAP: Final = 10

SPLIT_SHADES: Final = {"train": 1.0, "validation": 0.62, "test": 0.34}
"""How strong the colour of a bar is for each split."""
NO_CLASS: Final = "#8A8F98"
CLASS_HUES: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
FAMILY_COLORS: Final = {
    "convolution": "#0072B2", "pooling": "#009E73", "normalization": "#CC79A7", "activation": "#E69F00",
    "core": "#D55E00", "merge": "#56B4E9", "input": "#8A8F98", "base": "#0072B2", "regularization": "#F0E442",
    "reshaping": "#999999", "attention": "#7A5195",
}
