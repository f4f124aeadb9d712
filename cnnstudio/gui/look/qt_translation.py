"""Qt's own words (buttons of its dialogs, menus of its text fields, names of keys) in the program's language."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

_NAME = "qt-words"
_KEYS: Final = {"es": {"Ctrl": "Ctrl", "Control": "Ctrl", "Shift": "Mayús", "Del": "Supr", "Delete": "Supr", "Esc": "Esc",
                       "Tab": "Tab", "Return": "Intro", "Enter": "Intro"}}
"""Keys as keyboards and programs of that language name them; Qt writes them out ("Control+Mayúsculas+Z")."""


class _Keys(QTranslator):
    """The names of keys; whatever else it is asked is left to the next translator."""

    def __init__(self, texts: dict[str, str], parent: QCoreApplication) -> None:
        super().__init__(parent)
        self._texts = texts

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        return self._texts.get(text) if context == "QShortcut" else None


def set_qt_language(application: QCoreApplication, language: str) -> None:
    """Let Qt speak that language; English where it has no words of it."""
    for child in application.findChildren(QTranslator, _NAME):
        application.removeTranslator(child)
        child.setObjectName("")
        child.deleteLater()
    if language == "en":
        return
    translator = QTranslator(application)
    translator.setObjectName(_NAME)
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)
    if language in _KEYS:
        keys = _Keys(_KEYS[language], application)
        keys.setObjectName(_NAME)
        # The last one is asked first.
        application.installTranslator(keys)
