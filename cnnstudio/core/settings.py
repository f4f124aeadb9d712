"""Preferences of the user, declared as params."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.item import as_immutable
from cnnstudio.core.params import Bool, Choice, Int, Option
from cnnstudio.core.places import config_folder
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, same

SETTINGS_PARAMS: Final = (
    Choice(name="language", default="system", label=Text("Language", "Idioma"),
           help=Text("Language of the window and of messages.", "Idioma de la ventana y de los mensajes."),
           options=(Option("system", Text("Follow the system", "Según el sistema")), Option("en", same("English")),
                    Option("es", same("Español")))),
    Choice(name="theme", default="system", label=Text("Theme", "Tema"),
           help=Text("Colours of the window.", "Colores de la ventana."),
           options=(Option("system", Text("Follow the system", "Según el sistema")), Option("light", Text("Light", "Claro")),
                    Option("dark", Text("Dark", "Oscuro")))),
    Int(name="cache_gigabytes", default=20, minimum=1, maximum=10_000, unit=same("GB"),
        label=Text("Cache", "Caché"),
        help=Text("Maximum disk space for data that can be recomputed: thumbnails, prepared pictures, features.",
                  "Espacio máximo en disco para datos que se pueden volver a calcular: miniaturas, imágenes preparadas, "
                  "características.")),
    Bool(name="check_updates", default=False, label=Text("Look for new versions", "Buscar versiones nuevas"),
         help=Text("Ask once at every start whether a newer version is published. The program asks nothing else from the "
                   "network by itself.",
                   "Consultar una vez en cada inicio si se ha publicado una versión más reciente. El programa no consulta por "
                   "sí mismo nada más en la red.")),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Preferences, recent projects (newest first) and the layout of the window."""

    language: str = "system"
    theme: str = "system"
    cache_gigabytes: int = 20
    check_updates: bool = False
    recent: tuple[str, ...] = ()
    layout: dict[str, Any] = {}

    def with_recent(self, folder: str) -> Settings:
        """With `folder` first among the twelve recent projects."""
        others = tuple(item for item in self.recent if item != folder)
        return msgspec.structs.replace(self, recent=((folder, *others))[:12])


def load_settings() -> Settings:
    """The user's preferences; a missing or damaged file, or a bad value, gives the default."""
    return load_settings_with_problem()[0]


def load_settings_with_problem() -> tuple[Settings, Problem | None]:
    """As `load_settings`, with the problem of a file that is damaged or cannot be read."""
    path = config_folder() / "settings.json"
    try:
        raw = decode_json(read_bytes(path, SMALL))
        if not isinstance(raw, dict):
            raise ValueError("no object")
    except FileNotFoundError:
        return Settings(), None
    except (OSError, ValueError) as err:
        text = Text("The preferences in {path} cannot be read ({reason}). The defaults are used.",
                    "No se pueden leer las preferencias de {path} ({reason}). Se usan los valores predeterminados.")
        return Settings(), warning("damaged_settings", text.fill(path=path, reason=reason_of(err)), "file", path=path)
    return _valid_settings(raw), None


def _valid_settings(raw: dict[str, Any]) -> Settings:
    good = Settings()
    for name in Settings.__struct_fields__:
        if name not in raw:
            continue
        try:
            field = {item.name: item.type for item in msgspec.structs.fields(Settings)}[name]
            value = msgspec.convert(as_immutable(raw[name]), field)
        except (ValueError, RecursionError):
            continue
        param = next((item for item in SETTINGS_PARAMS if item.name == name), None)
        if param is None or param.error_text(value) is None:
            good = msgspec.structs.replace(good, **{name: value})
    return good


def save_settings(settings: Settings) -> ProblemError | None:
    """Write the preferences; returns a problem instead of raising, because no work depends on it."""
    try:
        data = msgspec.json.format(msgspec.json.encode(settings), indent=2)
        write_atomically(config_folder() / "settings.json", data)
    except ProblemError as problem_error:
        return problem_error
    return None
