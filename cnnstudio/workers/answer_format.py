"""The pictures to predict, and the format of predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, format_number, language, on_one_line
from cnnstudio.datasets.ignoring import make_matcher
from cnnstudio.datasets.scan_problems import left_out_problem
from cnnstudio.imaging.picture_files import list_pictures

DECIMALS: Final = 6
NOT_SURE: Final = Text("not sure", "sin certeza")


def as_dictionary(prediction: Prediction, in_language: str = "") -> dict[str, Any]:
    """{"path", "label", "probability", "top": [{"label", "probability"}]} or {"path", "problem": {"code", "text"}}.

    Of a frame of a video, "time" has its seconds from the beginning, and "frame" its number from 0, after the path.
    Where the model has a reject option, "not_sure" says whether it is not; with conformal sets "set" has the classes that
    remain, best first. The text of a problem is in that language, or in the program's.
    """
    source: dict[str, Any] = {"path": prediction.path}
    if prediction.seconds is not None:
        source |= {"time": round(prediction.seconds, DECIMALS), "frame": prediction.frame}
    if prediction.problem is not None:
        text = prediction.problem.text.in_language(in_language or language())
        return source | {"problem": {"code": prediction.problem.code, "text": text}}
    top = [{"label": item.label, "probability": round(item.probability, DECIMALS)} for item in prediction.top]
    doubt: dict[str, Any] = {} if prediction.not_sure is None else {"not_sure": prediction.not_sure}
    if prediction.answer_set is not None:
        doubt["set"] = list(prediction.answer_set)
    return source | {"label": top[0]["label"], "probability": top[0]["probability"], "top": top} | doubt


def json_line(prediction: Prediction, run: str = "", left_out: Sequence[Problem] = ()) -> str:
    """The prediction as one line of JSON, with its run if there is one, and with what was left out of the folders."""
    more: dict[str, Any] = {"run": run} if run else {}
    if left_out:
        more["left_out"] = [problem.facts["left_out"] | {"text": str(problem.text)} for problem in left_out]
    return json.dumps(as_dictionary(prediction) | more, ensure_ascii=False)


def text_line(prediction: Prediction) -> str:
    """The prediction as readable text: path, "not sure" where it is so, then the classes with their probability, best
    first."""
    answer = as_dictionary(prediction)
    text = answer["problem"]["text"] if "problem" in answer else ", ".join(
        f"{item['label']} {format_number(item['probability'], '.2%')}" for item in answer["top"])
    if answer.get("not_sure"):
        remaining = f" ({', '.join(answer['set'])})" if answer.get("set") else ""
        text = f"{NOT_SURE}{remaining}: {text}"
    at = f" {format_time(prediction.seconds)}" if prediction.seconds is not None else ""
    return on_one_line(f"{answer['path']}{at}: {text}")


def format_time(seconds: float) -> str:
    """A moment of a video: minutes, seconds and milliseconds, with hours where there are some ("1:02:03.250")."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02d}" if hours else str(minutes)) + f":{rest:02d}.{thousandths:03d}"


def pictures_of(paths: Iterable[str], follow_links: bool = False, ignore: Sequence[str] = ()
                ) -> tuple[list[str], tuple[Problem, ...]]:
    """The files themselves; for a folder, all pictures in it and below. With a problem or note for each reason why
    something was left out. Raises ProblemError for a pattern that cannot be understood."""
    files, left_out = list_pictures(paths, follow_links, make_matcher(ignore))
    return files, tuple(left_out_problem(entry, None) for entry in left_out)
