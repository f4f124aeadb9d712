"""The pictures to predict, and the format of predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.csv_text import csv_bytes
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

    Where the model has a reject option, "not_sure" says whether it is not; with conformal sets "set" has the classes that
    remain, best first. The text of a problem is in that language, or in the program's.
    """
    if prediction.problem is not None:
        text = prediction.problem.text.in_language(in_language or language())
        return {"path": prediction.path, "problem": {"code": prediction.problem.code, "text": text}}
    top = [{"label": item.label, "probability": round(item.probability, DECIMALS)} for item in prediction.top]
    doubt: dict[str, Any] = {} if prediction.not_sure is None else {"not_sure": prediction.not_sure}
    if prediction.answer_set is not None:
        doubt["set"] = list(prediction.answer_set)
    return {"path": prediction.path, "label": top[0]["label"], "probability": top[0]["probability"], "top": top} | doubt


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
    return on_one_line(f"{answer['path']}: {text}")


def pictures_of(paths: Iterable[str], follow_links: bool = False, ignore: Sequence[str] = ()
                ) -> tuple[list[str], tuple[Problem, ...]]:
    """The files themselves; for a folder, all pictures in it and below. With a problem or note for each reason why
    something was left out. Raises ProblemError for a pattern that cannot be understood."""
    files, left_out = list_pictures(paths, follow_links, make_matcher(ignore))
    return files, tuple(left_out_problem(entry, None) for entry in left_out)


def write_csv(path: Path, rows: Iterable[Prediction], names: Sequence[str]) -> None:
    """path, label, probability, problem, not_sure where the model has a reject option, then the probability of every class.
    An earlier file is replaced when all is
    written; raises ProblemError and leaves it as it was otherwise."""
    kept = list(rows)
    with_doubt = any(row.not_sure is not None for row in kept)
    head = ["path", "label", "probability", "problem", *(["not_sure"] if with_doubt else []), *names]
    write_atomically(path, csv_bytes([head, *(_csv_row(row, names, with_doubt) for row in kept)]))


def _csv_row(row: Prediction, names: Sequence[str], with_doubt: bool) -> list[object]:
    doubt = [] if not with_doubt else ["" if row.not_sure is None else str(row.not_sure).lower()]
    if row.problem is not None:
        return [row.path, "", "", str(row.problem.text), *doubt, *[""] * len(names)]
    by_name = {item.label: item.probability for item in row.top}
    return [row.path, row.top[0].label, row.top[0].probability, "", *doubt, *(by_name.get(name, "") for name in names)]
