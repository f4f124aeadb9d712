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
        if (language, look) == (self._language, self._theme):
            return False
        self._language, self._theme = language, look
        set_language(language)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        qt_translation.set_qt_language(application, language)
        theme.apply(application, look)
        return True
