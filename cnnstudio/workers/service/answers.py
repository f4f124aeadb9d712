"""What the service answers: the shapes of its JSON, and the HTTP status of each problem."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.problems import Problem
from cnnstudio.core.service_jobs import ServedModel
from cnnstudio.workers.answer_format import as_dictionary

Probability = Annotated[float, Meta(ge=0, le=1)]
Phase = Literal["loading", "ready", "restarting", "stopping"]


class RankedClass(msgspec.Struct, frozen=True):
    """A class with its probability."""

    label: str
    probability: Probability


class ProblemText(msgspec.Struct, frozen=True):
    """Why there is no answer: a code that stays the same, and a text in the language of the request."""

    code: str
    text: str


class Refusal(msgspec.Struct, frozen=True):
    """The answer to a request that was refused as a whole."""

    problem: ProblemText


class PictureAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one picture: as a line of `cnnstudio predict --json`, with its classes or with a problem."""

    path: str
    label: str | UnsetType = UNSET
    probability: Probability | UnsetType = UNSET
    top: list[RankedClass] | UnsetType = UNSET
    not_sure: bool | UnsetType = UNSET
    set: list[str] | UnsetType = UNSET
    run: str | UnsetType = UNSET
    problem: ProblemText | UnsetType = UNSET


class Health(msgspec.Struct, frozen=True):
    """Whether the model takes pictures."""

    status: Phase


class InputSize(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture is turned into for the network."""

    height: int
    width: int
    color_mode: Literal["grayscale", "rgb", "rgba"]


class RejectOption(msgspec.Struct, frozen=True, kw_only=True):
    """When the model says that it is not sure."""

    kind: str
    level: float
    threshold: float


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """The model that answers. `digest` is the SHA-256 of its file."""

    name: str
    run: str | None
    classes: list[str]
    input: InputSize
    digest: str
    reject: RejectOption | None
    engine: str
    device: str


def model_card(model: ServedModel, name: str, run: str) -> ModelCard:
    """The card of a loaded model."""
    rejection = model.rejection
    return ModelCard(
        name=name, run=run or None, classes=list(model.class_names), digest=model.digest, engine=model.engine,
        device=model.device,
        input=InputSize(height=model.height, width=model.width, color_mode=model.color_mode),  # type: ignore[arg-type]
        reject=None if rejection is None else RejectOption(
            kind=rejection.kind, level=rejection.level, threshold=rejection.threshold))


_STATUS: Final = {
    "picture_too_large": 413, "picture_too_many_pixels": 413, "picture_not_a_picture": 415, "picture_unsupported": 415,
    "picture_out_of_memory": 503, "not_answered": 500, "answer_not_a_number": 500,
}
"""By the code of a picture's problem; every other means that its content is damaged."""


def status_of(predictions: tuple[Prediction, ...]) -> int:
    """200 where at least one picture has an answer, else the status of the first problem."""
    problems = [prediction.problem for prediction in predictions if prediction.problem is not None]
    return 200 if len(problems) < len(predictions) else _STATUS.get(problems[0].code, 422)


def answer_line(prediction: Prediction, run: str, language: str) -> bytes:
    """A picture's line, as `cnnstudio predict --json` prints it, with its end."""
    answer = as_dictionary(prediction, language) | ({"run": run} if run else {})
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def refusal(problem: Problem, language: str) -> dict[str, Any]:
    """The body of a request that was refused as a whole."""
    return {"problem": {"code": problem.code, "text": problem.text.in_language(language)}}
