"""Checks of answers: a choice with its reason, or a number."""

from __future__ import annotations

import math
import re
from typing import Final

import msgspec

from cnnstudio.core.text import Text, normalize_number
from cnnstudio.learning.course.checks.conditions import Condition
from cnnstudio.learning.course.checks.entry import CheckKind, Outcome
from cnnstudio.learning.course.evidence import Evidence, Subject

_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,\s]\d{3})+")
_NONE: Final = Text("no answer yet", "aún sin respuesta")
_ANSWER: Final = Text("answer the question", "responda a la pregunta")


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen; `why` is said to whoever chose it, in particular why it is wrong."""

    id: str
    text: Text
    why: Text = Text("", "")


class ChoiceCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`right` is the option to choose, `reason` that of the reasons, where there are any."""

    options: tuple[Option, ...]
    right: str
    reasons: tuple[Option, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        for options, right in ((self.options, self.right), (self.reasons, self.reason)):
            if right and right not in [option.id for option in options]:
                raise ValueError(f"{right} is none of its options")


class NumberCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The number is `value`, or the figure that `look` and `of` name, of the project or of the newest run that has it;
    `tolerance` away at most. `unit` stands behind the field."""

    value: float | None = None
    look: str = ""
    of: str = ""
    tolerance: float = 0.0
    unit: Text = Text("", "")

    def __post_init__(self) -> None:
        if (self.value is None) == (not self.look):
            raise ValueError("a number needs either a value or a look")
        if self.look:
            self.figure()

    def figure(self) -> Condition:
        """The figure that is asked for."""
        return Condition(look=self.look, of=self.of, known=True)


def _judge_choice(evidence: Evidence, check: ChoiceCheck) -> Outcome:
    answer = evidence.progress.answers.get(evidence.task)
    if answer is None or not answer.value:
        return Outcome(done=False, measured=_NONE, missing=_ANSWER)
    chosen = next((option for option in check.options if option.id == answer.value), None)
    reason = next((option for option in check.reasons if option.id == answer.reason), None)
    measured = chosen.text if chosen is not None else _NONE
    if chosen is None or chosen.id != check.right:
        return Outcome(done=False, measured=measured, missing=_told(chosen))
    if check.reasons and reason is None:
        return Outcome(done=False, measured=measured, missing=Text("say why", "diga por qué"), share=0.5)
    if check.reasons and reason is not None and reason.id != check.reason:
        return Outcome(done=False, measured=measured, missing=_told(reason), share=0.5)
    return Outcome(done=True, measured=measured, share=1.0)


def _told(option: Option | None) -> Text:
    if option is None or not option.why.en:
        return Text("that is not it; look at it once more", "no es eso; mírelo otra vez")
    return option.why


def _judge_number(evidence: Evidence, check: NumberCheck) -> Outcome:
    answer = evidence.progress.answers.get(evidence.task)
    expected = check.value if check.value is not None else _figure(evidence, check)
    if expected is None:
        return Outcome(done=False, measured=_NONE, missing=Text(
            "there is nothing to read it from yet", "aún no hay de dónde leerlo"))
    if answer is None or not answer.value.strip():
        return Outcome(done=False, measured=_NONE, missing=_ANSWER)
    measured = Text("answer: {value}", "respuesta: {value}").fill(value=answer.value.strip())
    try:
        number = _typed_number(answer.value, whole=float(expected).is_integer() and not check.tolerance)
    except ValueError:
        return Outcome(done=False, measured=measured, missing=Text("this is no number", "esto no es un número"))
    if abs(number - expected) > check.tolerance:
        more = Text("it is more", "es más") if number < expected else Text("it is less", "es menos")
        return Outcome(done=False, measured=measured, missing=more)
    return Outcome(done=True, measured=measured, share=1.0)


def _typed_number(text: str, whole: bool) -> float:
    """The number that was typed; where a whole one is asked for, 50,240 and 50.240 are no decimals. Raises ValueError."""
    if whole and _GROUPED.fullmatch(text.strip()):
        return float(re.sub(r"\D", "", text))
    number = float(normalize_number(text))
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _figure(evidence: Evidence, check: NumberCheck) -> float | None:
    figure = check.figure()
    subjects: list[Subject] = list(evidence.runs) if figure.entry.needs_run else [
        subject for subject in (evidence.subject,) if subject is not None]
    values = (figure.measure(subject) for subject in subjects)
    return next((float(value) for value in values if isinstance(value, float | int)), None)


CHOICE: Final = CheckKind(id="choice", looks_at="answers", spec=ChoiceCheck, judge=_judge_choice)
NUMBER: Final = CheckKind(id="number", looks_at="answers", spec=NumberCheck, judge=_judge_number)
