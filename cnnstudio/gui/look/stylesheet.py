"""One Qt style sheet, built from the tokens."""

from __future__ import annotations

import re
import string
from typing import Final

from cnnstudio.core.places import resource
from cnnstudio.gui.look.tokens import Tokens

_FONT_SIZE: Final = re.compile(r"font-size: (\d+)px")
_SHEET: Final = string.Template("""
* { outline: none; }
QWidget { color: $text; }
QMainWindow, QDialog, QWidget#centre, QWidget#window { background: $bg; }
QWidget#surface, QWidget#rail, QWidget#header, QWidget#side, QWidget#inspector, QWidget#status, QWidget#fold {
    background: $surface; }
QWidget#rail { border-right: 1px solid $line; }
QWidget#header { border-bottom: 1px solid $line; }
QWidget#side { border-right: 1px solid $line; }
QWidget#inspector { border-left: 1px solid $line; }
QWidget#status { border-top: 1px solid $line; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 6px 8px; }

QLabel { background: transparent; }
QLabel[tone="dim"] { color: $dim; }
QLabel[tone="faint"] { color: $faint; }
QLabel[tone="accent"] { color: $accent; }
QLabel[tone="ok"] { color: $ok; }
QLabel[tone="warn"] { color: $warn; }
QLabel[tone="error"] { color: $error; }
QLabel[tone="on_accent"] { color: $on_accent; }

QFrame#card { background: $raised; border: 1px solid $line; border-radius: 10px; }
QFrame#card[hoverable="true"]:hover { border-color: $faint; }
QFrame#card[selected="true"] { border: 2px solid $accent; }
QFrame#card:focus { border: 2px solid $accent; }
QFrame#card[selected="true"]:focus { border: 2px solid $text; }
QFrame#card[edge="ok"] { border-left: 4px solid $ok; }
QFrame#card[edge="warn"] { border-left: 4px solid $warn; }
QFrame#card[edge="error"] { border-left: 4px solid $error; }
QFrame#card[edge="accent"], QFrame#card[edge="info"] { border-left: 4px solid $accent; }
QDialog#palette, QFrame#popup { background: $raised; border: 1px solid $line; }
QFrame#well { background: $sunk; border-radius: 8px; }
QFrame#rule { background: $line; border: none; }
QFrame#drop { background: transparent; border: 2px dashed $line; border-radius: 10px; }
QFrame#drop:focus { border-color: $accent; }
QFrame#drop[over="true"] { background: $accent_bg; border-color: $accent; }

QPushButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 6px 13px; min-height: 18px; font-weight: 500; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $sunk; }
QPushButton:focus { border: 2px solid $accent; padding: 5px 12px; }
QPushButton:disabled { color: $faint; }
QPushButton:checked { background: $accent_bg; color: $accent; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_strong; border-color: $accent_strong; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; padding: 5px 12px; }
QPushButton[kind="primary"]:disabled { background: $sunk; color: $faint; border-color: $line; }
QPushButton[kind="danger"] { color: $error; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; }
QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:checked { background: $accent_bg; color: $accent; }
QPushButton[kind="quiet"]:focus { border: 2px solid $accent; }
QPushButton[segment="true"] { padding: 4px 12px; min-height: 18px; }
QPushButton[segment="true"]:focus { border: 2px solid $accent; padding: 3px 11px; }
QPushButton[kind="icon"] { background: transparent; border-color: transparent; padding: 5px; }
QPushButton[kind="icon"]:hover { background: $hover; }
QPushButton[kind="icon"]:checked { background: $accent_bg; }
QPushButton[kind="icon"]:focus { border: 2px solid $accent; padding: 4px; }
QPushButton[kind="link"] { background: transparent; border: 2px solid transparent; color: $accent;
  padding: 0px; font-weight: 600; text-align: left; border-radius: 4px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 2px solid $accent; }
QPushButton[kind="link"]:disabled { color: $faint; }
QPushButton[kind="chip"] { background: $raised; border-radius: 13px; padding: 3px 11px; font-weight: 400;
  font-size: 12px; min-height: 18px; }
QPushButton[kind="chip"]:hover { background: $hover; }
QPushButton[kind="chip"]:checked { background: $accent_bg; color: $accent; border-color: $accent_bg; }
QPushButton[kind="chip"]:focus { border: 2px solid $accent; padding: 2px 10px; }
QPushButton[kind="row"] { background: transparent; border: 2px solid transparent; border-radius: 6px;
  padding: 4px 6px; text-align: left; font-weight: 400; }
QPushButton[kind="row"]:hover { background: $hover; }
QPushButton[kind="row"]:checked { background: $accent_bg; color: $accent; }
QPushButton[kind="row"]:focus { border-color: $accent; }
QPushButton[kind="status"] { background: transparent; border: 1px solid transparent; border-radius: 4px; color: $dim;
  padding: 1px 6px; font-weight: 400; font-size: 12px; min-height: 16px; }
QPushButton[kind="status"]:hover { background: $hover; color: $text; }
QPushButton[kind="status"]:focus { border-color: $accent; }
QPushButton[kind="status"][tone="warn"] { color: $warn; }
QPushButton[kind="status"][tone="error"] { color: $error; }
QPushButton[kind="status"][tone="accent"] { color: $accent; }
QPushButton::menu-indicator { image: none; width: 0px; }

QLineEdit, QPlainTextEdit, QTextEdit { background: $sunk; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 5px 9px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit { min-height: 20px; }
QLineEdit[small="true"] { min-height: 18px; padding: 3px 9px; border-radius: 13px; background: $raised; }
QLineEdit[small="true"]:focus { padding: 2px 8px; }
QLineEdit:hover { border-color: $faint; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid $accent; padding: 4px 8px; }
QLineEdit:disabled { color: $faint; }
QLineEdit[wrong="true"], QComboBox[wrong="true"] { border-color: $error; }
QAbstractItemView { background: $raised; border: 1px solid $line; }
QWidget QListView, QWidget QTreeView, QWidget QTableView { background: transparent; border: none; color: $text;
  selection-background-color: $accent_bg; selection-color: $text; }
QWidget QTableView { border: 2px solid transparent; border-radius: 6px; }
QWidget QTableView:focus { border: 2px solid $accent; }
QComboBox { combobox-popup: 0; background: $sunk; color: $text; border: 1px solid $line; border-radius: 6px;
  padding: 5px 28px 5px 9px;
  min-height: 20px; }
QComboBox:hover { border-color: $faint; }
QComboBox:focus { border: 2px solid $accent; padding: 4px 27px 4px 8px; }
QComboBox:disabled { color: $faint; }
QComboBox::drop-down { border: none; width: 0px; }
QComboBox QAbstractItemView { background: $raised; color: $text; border: 1px solid $line; padding: 4px;
  selection-background-color: $accent_bg; selection-color: $accent; }
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0px 8px; border-radius: 4px; }

QMenuBar { background: $surface; color: $text; border-bottom: 1px solid $line; padding: 2px 8px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $accent_bg; color: $accent; }
QMenu { background: $raised; color: $text; border: 1px solid $line; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $accent_bg; color: $accent; }
QMenu::item:disabled { color: $faint; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: $line; margin: 5px 8px; }

QTableView { gridline-color: transparent; background: transparent; alternate-background-color: transparent; }
QTableView::item { border-bottom: 1px solid $line; padding: 0px 5px; }
QTableView::item:selected { background: $accent_bg; color: $text; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $dim; border: none; border-bottom: 1px solid $line;
  padding: 6px 8px; font-size: 12px; font-weight: 400; }
QHeaderView::up-arrow, QHeaderView::down-arrow { image: none; width: 0px; height: 0px; }
QTableCornerButton::section { background: transparent; border: none; }
QListView::item { border-radius: 6px; padding: 4px 8px; }
QListView::item:hover { background: $hover; }
QListView::item:selected { background: $accent_bg; color: $accent; }

QFileDialog { leftarrow-icon: url("$icons/back.svg"); rightarrow-icon: url("$icons/forward.svg");
  filedialog-parent-directory-icon: url("$icons/parent.svg"); filedialog-new-directory-icon: url("$icons/new-folder.svg");
  filedialog-listview-icon: url("$icons/list.svg"); filedialog-detailedview-icon: url("$icons/details.svg"); }
QFileDialog QComboBox::drop-down { width: 24px; }
QFileDialog QComboBox::down-arrow { image: url("$icons/down.svg"); width: 14px; height: 14px; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget#scrolled { background: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 0px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0px; }
QScrollBar::handle { background: $scroll; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: transparent; }

QSlider { min-height: 22px; }
QSlider::groove:horizontal { background: $line; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $raised; border: 2px solid $accent; width: 12px; height: 12px;
  margin: -6px 0px; border-radius: 8px; }
QSlider:focus { border: 2px solid $accent; border-radius: 6px; }
QProgressBar { background: $sunk; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $dim; padding: 7px 12px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $accent; border-bottom-color: $accent; }
QTabWidget::pane { border: none; }
""")


def stylesheet(colors: Tokens, scale: float = 1.0) -> str:
    """The style sheet of the whole program in these colours, with text that is larger by `scale`."""
    # The icons of Qt's own file dialog, in a grey that shows in both themes: Qt's are black.
    sheet = _SHEET.substitute(colors._asdict(), icons=resource("icons", "dialog").as_posix())
    return _FONT_SIZE.sub(lambda match: f"font-size: {round(int(match[1]) * scale)}px", sheet)
