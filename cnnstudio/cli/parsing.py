"""argparse in the language of the program, including its own messages."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from cnnstudio.core.text import language, on_one_line, tr

_SPANISH: Final = (
    (r"the following arguments are required: (.+)", "faltan argumentos: {0}"),
    (r"unrecognized arguments: (.+)", "argumentos desconocidos: {0}"),
    (r"one of the arguments (.+) is required", "hace falta uno de estos argumentos: {0}"),
    (r"ambiguous option: (.+) could match (.+)", "opción ambigua: {0} puede ser {1}"),
    (r"argument (.+?): expected one argument", "{0}: falta su valor"),
    (r"argument (.+?): expected at least one argument", "{0}: falta al menos un valor"),
    (r"argument (.+?): not allowed with argument (.+)", "{0} no puede ir junto con {1}"),
    (r"argument (.+?): ignored explicit argument (.+)", "{0} no lleva valor: {1}"),
    (r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", "{0}: {1} no está entre lo posible: {2}"),
    (r"argument (.+?): invalid int value: (.+)", "{0}: se esperaba un número entero, no {1}"),
    (r"argument (.+?): (.+)", "{0}: {1}"),
)
"""Patterns of argparse's error messages and their Spanish translations."""


class _Help(argparse.HelpFormatter):
    def add_usage(self, usage: str | None, actions: Iterable[argparse.Action],
                  groups: Iterable[Any], prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, tr("usage: ", "uso: ") if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser in the chosen language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)
        self._positionals.title = tr("positional arguments", "argumentos")
        self._optionals.title = tr("options", "opciones")
        for action in self._actions:
            if action.dest == "help":
                action.help = tr("show this help message and exit", "muestra esta ayuda y termina")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As in argparse; words behind an option still belong to a positional that takes any number of them."""
        found, rest = super().parse_known_args(args, namespace)
        several = next((action for action in self._actions if not action.option_strings and action.nargs == "*"), None)
        if several is not None:
            late = [word for word in rest if not word.startswith("-")]
            convert: Any = several.type or str
            setattr(found, several.dest, [*getattr(found, several.dest), *map(convert, late)])
            rest = [word for word in rest if word.startswith("-")]
        return found, rest

    def error(self, message: str) -> NoReturn:
        super().error(on_one_line(_translated(message)))


def _translated(message: str) -> str:
    if language() == "es":
        for pattern, translation in _SPANISH:
            match = re.fullmatch(pattern, message)
            if match is not None:
                return translation.format(*match.groups())
    return message
