"""Qt's own words (buttons of its dialogs, menus of its text fields, names of keys) in the program's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

_NAME = "qt-words"


def speak(application: QCoreApplication, language: str) -> None:
    """Let Qt speak that language; English where it has no words of it."""
    for each in application.findChildren(QTranslator, _NAME):
        application.removeTranslator(each)
        each.setObjectName("")
        each.deleteLater()
    if language == "en":
        return
    translator = QTranslator(application)
    translator.setObjectName(_NAME)
    if translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)
