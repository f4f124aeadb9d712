"""The language of an answer: what a client asks for, as far as the program speaks it."""

from __future__ import annotations

from cnnstudio.core.text import LANGUAGES, language


def chosen_language(accepted: str) -> str:
    """The best language of an Accept-Language header; that of the program where it names none that there is."""
    best, weight = "", 0.0
    for part in accepted.split(","):
        name, _, parameter = part.partition(";")
        found = name.strip().lower().partition("-")[0]
        wanted = _weight(parameter)
        if found in LANGUAGES and wanted > weight:
            best, weight = found, wanted
    return best or language()


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
