"""Language and theme of the program, from the settings."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from cnnstudio.core.settings import Settings
from cnnstudio.core.text import set_language, system_language
from cnnstudio.gui.look import qt_translation, theme


class Appearance:
    """Applies language and theme, and remembers the applied ones."""

    def __init__(self) -> None:
        self._language = self._theme = ""

    def follow(self, settings: Settings) -> bool:
        """Apply language and theme; True where either changed."""
        language = system_language() if settings.language == "system" else settings.language
        look = theme.system_theme() if settings.theme == "system" else settings.theme
        before = self._language, self._theme
        self._language, self._theme = language, look
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if language != before[0]:
            set_language(language)
            qt_translation.set_qt_language(application, language)
        if look != before[1]:
            # Another style sheet styles every widget again: only where it differs.
            theme.apply(application, look)
        return (language, look) != before
