"""What keys, trials and states of a search are called on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cnnstudio.core.search import TrialState
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.workers.search.candidates import Candidate
from cnnstudio.workers.search.reading import ParamValue, Search, Trial

STATES: Final[dict[TrialState, Text]] = {
    "waiting": Text("Waits", "En espera"), "running": Text("Running", "En marcha"), "complete": Text("Complete", "Completo"),
    "pruned": Text("Ended early", "Terminado antes"), "failed": Text("Failed", "Fallido")}
STATE_TONES: Final[dict[TrialState, str]] = {"waiting": "dim", "running": "accent", "complete": "", "pruned": "dim",
                                             "failed": "error"}
_YES_NO: Final[dict[str, Text]] = {"true": Text("Yes", "Sí"), "false": Text("No", "No")}


def key_names(keys: Sequence[str], known: Iterable[Candidate]) -> dict[str, str]:
    """A name for every key; what two of them share is told apart by the part that they belong to. A key that the project does
    not have any more keeps its end."""
    entries = _by_key(known)
    short = {key: str(entries[key].label) if key in entries else key.rpartition(".")[2] for key in keys}
    names = {}
    for key in keys:
        twice = list(short.values()).count(short[key]) > 1 or key.startswith("network.")
        names[key] = f"{short[key]} · {_part(key)}" if twice else short[key]
    # What Keras calls by one word with a line in it stays as it is.
    return {key: name if "_" in name.split(" ·")[0] else f"{name[:1].upper()}{name[1:]}" for key, name in names.items()}


def _by_key(known: Iterable[Candidate]) -> dict[str, Candidate]:
    """What is varied, by its key; an optimizer or a loss has a second one, `.type`, which the command line takes as well."""
    items = list(known)
    return {**{f"{item.key}.type": item for item in items if item.options}, **{item.key: item for item in items}}


def _part(key: str) -> str:
    """What a key belongs to: the id of a layer, a step or a stage."""
    parts = key.split(".")
    return parts[-2] if len(parts) > 1 else key


def choice_names(known: Iterable[Candidate]) -> dict[str, Mapping[str, str]]:
    """The labels of the choices of every key."""
    return {key: {value: str(label) for value, label in item.options} for key, item in _by_key(known).items() if item.options}


def value_text(value: ParamValue, labels: Mapping[str, str] | None = None) -> str:
    """A value of a key for people: numbers with four digits."""
    if isinstance(value, str):
        return (labels or {}).get(value) or str(_YES_NO.get(value, value))
    if isinstance(value, int):
        return format_number(value, ",d")
    return format_number(value, ".4g")


def trial_name(trial: Trial) -> str:
    """Trials are counted from 1."""
    return tr("Trial {n}", "Ensayo {n}", n=trial.number + 1)


def search_title(search: Search) -> str:
    """The day, the time and the size of a search, for the list of searches."""
    import time

    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(search.started)) if search.started else search.id
    count = len(search.trials)
    return tr("{when} · {n} trials", "{when} · {n} ensayos", when=when, n=count) if count != 1 else tr(
        "{when} · 1 trial", "{when} · 1 ensayo", when=when)
