"""Texts that a user reads, in every language the program speaks."""

from __future__ import annotations

import locale
import os
import re
import string
from collections.abc import Mapping
from numbers import Real
from typing import Any, Final

import msgspec

LANGUAGES: Final = {"en": "English", "es": "Español"}

_current = "en"
_SIGNS: Final = str.maketrans({".": ",", ",": "\u202f"})
"""From English to Spanish numbers: a decimal comma, and a thin space between groups of three digits."""
_GROUPED: Final = 10_000
"""Spanish groups the digits of numbers from here on: four digits stay together."""
_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, separators of lines, and those that turn the direction of what follows."""
_STEERING_LINES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""The same without the end of a line and the tab."""


class _Spanish(string.Formatter):
    """`str.format` that writes numbers with a format spec as in Spanish: 0,5; 1234; 12\u202f345; 97,5\u202f%."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(super().format_field(value, format_spec))
        if not format_spec or not isinstance(value, Real):
            return text
        text = text.translate(_SIGNS)
        if abs(float(value)) < _GROUPED:
            text = text.replace("\u202f", "")
        return f"{text[:-1]}\u202f%" if text.endswith("%") else text

    def check_unused_args(self, used_args: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
        """Allow values that only one language uses."""


_SPANISH: Final = _Spanish()


class Text(msgspec.Struct, frozen=True):
    """One sentence or label in English and Spanish.

    `str(text)` gives the language that was chosen with `set_language`.
    """

    en: str
    es: str

    def __str__(self) -> str:
        return self.in_language(_current)

    def in_language(self, language: str) -> str:
        """The text in `language` ("en" or "es"); English for any other."""
        return self.es if language == "es" else self.en

    def fill(self, **values: Any) -> Text:
        """The text with `{name}` fields replaced; a value may itself be a `Text`. Names and paths stay on one line."""

        def localized(language: str) -> dict[str, Any]:
            return {
                name: value.in_language(language) if isinstance(value, Text) else _harmless(value)
                for name, value in values.items()
            }

        return Text(self.en.format(**localized("en")), _SPANISH.vformat(self.es, (), localized("es")))


def same(text: str) -> Text:
    """A text that is the same in all languages, such as the name of a layer in Keras."""
    return Text(text, text)


def tr(en: str, es: str, **values: Any) -> str:
    """The sentence in the chosen language, with `{name}` fields replaced by `values`; names and paths stay on one line."""
    values = {name: _harmless(value) for name, value in values.items()}
    if _current == "es":
        return _SPANISH.vformat(es, (), values) if values else es
    return en.format(**values) if values else en


def format_number(value: float, spec: str = "g") -> str:
    """The number formatted by `spec` as the chosen language writes it: 12,345 and 97.5% in English, 12\u202f345 and
    97,5\u202f% in Spanish."""
    return _SPANISH.format_field(value, spec) if _current == "es" else format(value, spec)


def localize_number(figure: str) -> str:
    """A number that was formatted as in English, with the decimal sign of the chosen language."""
    return figure.translate(_SIGNS) if _current == "es" else figure


def normalize_number(text: str) -> str:
    """A typed or pasted number, in either language, as text that `float` reads.

    A single sign is the decimal sign; groups of three digits count as groups where they cannot be decimals: 1.234,5 and
    1,234.5 are the same number.
    """
    text = "".join(text.split())
    for separator, sign in (".,", ",."):
        grouped = rf"[+-]?\d{{1,3}}(?:\{separator}\d{{3}})"
        if re.fullmatch(rf"{grouped}+\{sign}\d*|{grouped}{{2,}}", text):
            return text.replace(separator, "").replace(sign, ".")
    return text.replace(",", ".")


def format_size(value: int) -> str:
    """Bytes as B, KB, MB, GB."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{format_number(amount, '.1f')} {unit}"
        amount /= 1000
    return f"{amount:.0f} GB"


def format_metrics(metrics: Mapping[str, float]) -> str:
    """`loss 0.0578  learning_rate 3e-05  epoch 37`: values by name, in the chosen language.

    Four decimals; values that would show as zero, such as a small learning rate, have significant digits.
    """
    def format_value(name: str, value: float) -> str:
        if name == "epoch":
            return f"{value:.0f}"
        return format_number(value, ".3g" if 0 < abs(value) < 0.001 else ".4f")

    return "  ".join(f"{name} {format_value(name, value)}" for name, value in metrics.items())


def set_language(language: str) -> None:
    """Choose the language of `str(Text)` and `tr` for this process: "en" or "es"."""
    global _current
    if language not in LANGUAGES:
        raise ValueError(f"Expected one of {tuple(LANGUAGES)}. Received: {language!r}")
    _current = language


def language() -> str:
    """The chosen language: "en" or "es"."""
    return _current


def system_language() -> str:
    """The system's first language that the program has, else English."""
    candidates = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG")]
    candidates.append(locale.getlocale()[0] or "")
    for candidate in candidates:
        if not candidate:
            continue
        for part in candidate.split(":"):
            code = part.lower()[:2]
            if code in LANGUAGES:
                return code
            if code in ("c", "c.", "po"):
                return "en"
        break
    return "en"


def _harmless(value: Any) -> Any:
    """A name or a path without characters that steer a terminal; other values unchanged."""
    return on_one_line(str(value)) if isinstance(value, str | os.PathLike) else value


def printable(text: str) -> str:
    """Lines of text without other characters that steer a terminal: those are escaped."""
    return _STEERING_LINES.sub(lambda match: repr(match.group())[1:-1], text)


def on_one_line(name: str) -> str:
    r"""A name or path on one line: control characters (a line break, a tab) are escaped as `\n`, `\t`.

    The name of a file may contain any character.
    """
    return _STEERING.sub(lambda match: repr(match.group())[1:-1], name)
