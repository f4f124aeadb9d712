"""Translations of Qt's own texts (buttons of its dialogs, menus of its text fields, names of keys)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

_NAME = "qt-words"
_KEYS: Final = {"es": {"Ctrl": "Ctrl", "Control": "Ctrl", "Shift": "Mayús", "Del": "Supr", "Delete": "Supr", "Esc": "Esc",
                       "Tab": "Tab", "Return": "Intro", "Enter": "Intro"}}
"""Names of keys as keyboards and programs of that language use them; Qt writes them out ("Control+Mayúsculas+Z")."""


class _Keys(QTranslator):
    """Translates the names of keys; other texts are left to the next translator."""

    def __init__(self, texts: dict[str, str], parent: QCoreApplication) -> None:
        super().__init__(parent)
        self._texts = texts

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        return self._texts.get(text) if context == "QShortcut" else None


def set_qt_language(application: QCoreApplication, language: str) -> None:
    """Install Qt's translation for a language; Qt stays English where it has none."""
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
        # Qt asks the last installed translator first.
        application.installTranslator(keys)
