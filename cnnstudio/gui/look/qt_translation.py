"""Translations of Qt's own texts (buttons of its dialogs, menus of its text fields, names of keys)."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

_NAME = "qt-words"
_OWN: Final = {"es": {
    "QShortcut": {"Ctrl": "Ctrl", "Control": "Ctrl", "Shift": "Mayús", "Del": "Supr", "Delete": "Supr", "Esc": "Esc",
                  "Tab": "Tab", "Return": "Intro", "Enter": "Intro"},
    "QFileDialog": {"&Look in:": "&Buscar en:", "File &name:": "&Nombre de archivo:", "Files of &type:": "&Tipo de archivo:"},
    "QAbstractFileIconProvider": {"Folder": "Carpeta", "File": "Archivo"}}}
"""By context: names of keys as keyboards and programs of that language use them, where Qt writes them out
("Control+Mayúsculas+Z"), and what Qt's own translation lacks or calls otherwise than this program."""


class _Own(QTranslator):
    """Translates a few texts; others are left to the next translator."""

    def __init__(self, texts: dict[str, dict[str, str]], parent: QCoreApplication) -> None:
        super().__init__(parent)
        self._texts = texts

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        return self._texts.get(context, {}).get(text)


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
    if language in _OWN:
        own = _Own(_OWN[language], application)
        own.setObjectName(_NAME)
        # Qt asks the last installed translator first.
        application.installTranslator(own)
