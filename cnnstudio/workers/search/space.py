"""What a search varies, checked against the project, and the project of a trial."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.params import params_of
from cnnstudio.core.item import Item
from cnnstudio.core.keys import get_value
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.search import Choices, Range, Varied, tidy_number
from cnnstudio.core.text import Text
from cnnstudio.network.key_values import with_value
from cnnstudio.workers.search.reading import ParamValue
from cnnstudio.workers.search.special_keys import SPECIAL_KEYS

replace = msgspec.structs.replace
_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE: Final = re.compile(rf"({_NUMBER}):({_NUMBER})(?::(log|{_NUMBER}))?")
_NOT_VARIED: Final = ("dataset", "export", "name")
"""Parts of a project that every trial shares, or that train nothing."""


class Space:
    """The varied keys of a search in the order in which they are set, for a project with these classes and bases."""

    def __init__(self, project: Project, varied: Sequence[Varied], classes: Sequence[str], bases: BaseResolver) -> None:
        self.project = project
        self._classes, self._bases = tuple(classes), bases
        # A choice such as that of the optimizer brings the keys behind it.
        self.varied = tuple(sorted(varied, key=lambda item: (item.key not in SPECIAL_KEYS, item.key.count("."))))

    def exists(self, project: Project, key: str) -> bool:
        """Whether a project has a key: some are there for certain choices alone."""
        if key in SPECIAL_KEYS:
            return True
        try:
            get_value(project, key, params_of)
        except ProblemError:
            return False
        return True

    def put(self, project: Project, key: str, value: ParamValue) -> Project:
        """The project with a key set. Raises ProblemError."""
        special = SPECIAL_KEYS.find(key)
        if special is not None:
            return special.apply(project, str(value), self._classes, self._bases)
        text = value if isinstance(value, str) else number_text(value)
        if self.exists(project, key):
            present = get_value(project, key, params_of)
            if isinstance(present, Item) and present.type == text:
                # Chosen again it would lose its parameters.
                return project
        return with_value(project, key, text)

    def apply(self, params: Mapping[str, ParamValue]) -> Project:
        """The project of a trial. Raises ProblemError with everything that is wrong with its settings."""
        project = self.project
        problems: list[Problem] = []
        for item in self.varied:
            if item.key in params:
                try:
                    project = self.put(project, item.key, params[item.key])
                except ProblemError as problem_error:
                    problems += problem_error.problems
        if problems:
            raise ProblemError(*problems)
        return project

    def present(self) -> dict[str, ParamValue | None]:
        """The values that the project has now; None where it is not among those to try."""
        return {item.key: self._present(item) for item in self.varied if self.exists(self.project, item.key)}

    def _present(self, item: Varied) -> ParamValue | None:
        if isinstance(item.values, Choices):
            special = SPECIAL_KEYS.find(item.key)
            if special is not None:
                chosen = special.present(self.project, self._classes)
                return chosen if chosen in item.values.values else None
            return next((text for text in item.values.values if self._changes_nothing(item.key, text)), None)
        value = get_value(self.project, item.key, params_of)
        return value if _is_number(value) and _is_inside(item.values, value) else None

    def _changes_nothing(self, key: str, text: str) -> bool:
        try:
            changed = self.put(self.project, key, text)
        except ProblemError:
            return False
        return bool(get_value(changed, key, params_of) == get_value(self.project, key, params_of))


def parse_varied(text: str) -> Varied:
    """`KEY=LOW:HIGH`, `KEY=LOW:HIGH:log`, `KEY=LOW:HIGH:STEP` or `KEY=A,B,C` (`KEY=A;B` where values have commas). Raises
    ProblemError (bad_vary)."""
    key, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not key or not values:
        raise ProblemError(_problem("bad_vary", text, Text(
            "{key} does not have the form KEY=LOW:HIGH, KEY=LOW:HIGH:log, KEY=LOW:HIGH:STEP or KEY=A,B,C.",
            "{key} no tiene la forma CLAVE=MÍN:MÁX, CLAVE=MÍN:MÁX:log, CLAVE=MÍN:MÁX:PASO o CLAVE=A,B,C.")))
    match = _RANGE.fullmatch(values)
    if match is not None:
        low, high, scale = match.groups()
        step = None if scale in (None, "log") else float(scale)
        return Varied(key=key, values=Range(low=float(low), high=float(high), log=scale == "log", step=step))
    parts = values.split(";") if ";" in values else values.split(",")
    return Varied(key=key, values=Choices(values=tuple(part.strip() for part in parts if part.strip())))


def varied_text(item: Varied) -> str:
    """As the command line takes it."""
    if isinstance(item.values, Choices):
        separator = ";" if any("," in value for value in item.values.values) else ","
        return f"{item.key}={separator.join(item.values.values)}"
    scale = ":log" if item.values.log else "" if item.values.step is None else f":{number_text(item.values.step)}"
    return f"{item.key}={number_text(item.values.low)}:{number_text(item.values.high)}{scale}"


def number_text(value: float) -> str:
    """A number as a key takes it: a whole one without a decimal point."""
    return str(int(value)) if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15) else repr(value)


def checked_space(project: Project, varied: Sequence[Varied], classes: Sequence[str], bases: BaseResolver) -> Space:
    """The space of a search, with `whole` where a key takes whole numbers only. Raises ProblemError with every fault."""
    problems: list[Problem] = []
    if not varied:
        text = Text("What shall be varied? Name at least one setting with --vary KEY=LOW:HIGH or --vary KEY=A,B,C.",
                    "¿Qué se debe variar? Indique al menos un ajuste con --vary CLAVE=MÍN:MÁX o --vary CLAVE=A,B,C.")
        problems.append(error("nothing_varied", text, "project", field="varied"))
    space = Space(project, varied, classes, bases)
    settled: list[Varied] = []
    for number, item in enumerate(space.varied):
        if any(item.key == other.key for other in space.varied[:number]):
            problems.append(_problem("varied_twice", item.key, Text("{key} is varied twice.", "{key} se varía dos veces.")))
            continue
        try:
            settled.append(_settled(space, item))
        except ProblemError as problem_error:
            problems += (replace(problem, where=replace(problem.where, field=item.key))
                         for problem in problem_error.problems)
    if problems:
        raise ProblemError(*problems)
    return Space(project, settled, classes, bases)


def _settled(space: Space, item: Varied) -> Varied:
    """A varied key that is valid. Raises ProblemError."""
    if item.key.split(".")[0] in _NOT_VARIED:
        raise ProblemError(_problem("not_varied", item.key, Text(
            "{key} cannot be varied: all trials are trained and judged on the same pictures.",
            "{key} no se puede variar: todos los ensayos se entrenan y se juzgan con las mismas imágenes.")))
    project = next((context for context in _contexts(space, item.key) if space.exists(context, item.key)), space.project)
    if isinstance(item.values, Choices):
        return _settled_choices(space, project, item)
    return replace(item, values=_settled_range(space, project, item.key, item.values))


def _contexts(space: Space, key: str) -> Iterator[Project]:
    """The project, and those with one of the choices of the other keys, which may bring the key."""
    yield space.project
    for item in space.varied:
        if isinstance(item.values, Choices) and item.key != key:
            for value in item.values.values:
                try:
                    yield space.put(space.project, item.key, value)
                except ProblemError:
                    continue


def _settled_choices(space: Space, project: Project, item: Varied) -> Varied:
    assert isinstance(item.values, Choices)
    texts = item.values.values
    if len(texts) < 2 or len(set(texts)) < len(texts):
        raise ProblemError(_problem("few_choices", item.key, Text(
            "{key} needs at least two different values to choose from.",
            "{key} necesita al menos dos valores distintos entre los que elegir.")))
    problems: list[Problem] = []
    for text in texts:
        try:
            space.put(project, item.key, text)
        except ProblemError as problem_error:
            problems += problem_error.problems
    if problems:
        raise ProblemError(*_distinct(problems))
    return item


def _settled_range(space: Space, project: Project, key: str, values: Range) -> Range:
    problems = [_problem("bad_range", key, text) for text in _range_texts(values)]
    if problems:
        raise ProblemError(*problems)
    found: list[Any] = []
    for end in (values.low, values.high):
        try:
            found.append(get_value(space.put(project, key, end), key, params_of) if key not in SPECIAL_KEYS else None)
        except ProblemError as problem_error:
            problems += problem_error.problems
    if problems:
        raise ProblemError(*_distinct(problems))
    if not all(map(_is_number, found)):
        raise ProblemError(_problem("not_a_number", key, Text(
            "{key} is not a single number: name the values to choose from, as in {key}=A,B,C.",
            "{key} no es un solo número: indique los valores entre los que elegir, como en {key}=A,B,C.")))
    whole = all(isinstance(value, int) for value in found)
    if whole and values.step is not None and not values.step.is_integer():
        raise ProblemError(_problem("bad_range", key, Text(
            "{key} takes whole numbers, so its step must be one, too.",
            "{key} toma números enteros, así que su paso también debe serlo.")))
    high = values.high
    if values.step is not None:
        # The last step that is inside.
        high = float(f"{values.low + math.floor((high - values.low) / values.step + 1e-9) * values.step:.12g}")
    return replace(values, whole=whole, high=high)


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    """Each problem once: both ends of a range may have the same."""
    return [problem for number, problem in enumerate(problems) if problem not in problems[:number]]


def _range_texts(values: Range) -> Iterator[Text]:
    if not (math.isfinite(values.low) and math.isfinite(values.high) and values.low < values.high):
        yield Text("{key}: the lower end of a range must be less than the upper one.",
                   "{key}: el extremo inferior de un intervalo debe ser menor que el superior.")
    if values.log and values.low <= 0:
        yield Text("{key}: a logarithmic range begins above 0.", "{key}: un intervalo logarítmico empieza por encima de 0.")
    if values.step is not None and (values.log or not 0 < values.step <= values.high - values.low):
        yield Text("{key}: the step must be greater than 0 and not greater than the range, which is not logarithmic.",
                   "{key}: el paso debe ser mayor que 0 y no mayor que el intervalo, que no puede ser logarítmico.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_inside(values: Range, value: float) -> bool:
    """Whether a number is one of a range."""
    if not values.low <= value <= values.high:
        return False
    if values.step is None:
        return True
    steps = (value - values.low) / values.step
    return abs(steps - round(steps)) < 1e-9


def trial_value(item: Varied, value: Any) -> ParamValue:
    """What Optuna suggests, as trials are trained with it."""
    if isinstance(item.values, Choices):
        return str(value)
    return int(value) if item.values.whole else tidy_number(float(value), item.values.low, item.values.high)


def _problem(code: str, key: str, text: Text) -> Problem:
    return error(code, text.fill(key=key), "project", field=key)
