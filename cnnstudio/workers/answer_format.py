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
from cnnstudio.core.text import format_number, on_one_line
from cnnstudio.datasets.ignoring import make_matcher
from cnnstudio.datasets.scan_problems import left_out_problem
from cnnstudio.imaging.picture_files import list_pictures

DECIMALS: Final = 6


def as_dictionary(prediction: Prediction) -> dict[str, Any]:
    """{"path", "label", "probability", "top": [{"label", "probability"}]} or {"path", "problem": {"code", "text"}}."""
    if prediction.problem is not None:
        return {"path": prediction.path,
                "problem": {"code": prediction.problem.code, "text": str(prediction.problem.text)}}
    top = [{"label": item.label, "probability": round(item.probability, DECIMALS)} for item in prediction.top]
    return {"path": prediction.path, "label": top[0]["label"], "probability": top[0]["probability"], "top": top}


def json_line(prediction: Prediction, run: str = "", left_out: Sequence[Problem] = ()) -> str:
    """The prediction as one line of JSON, with its run if there is one, and with what was left out of the folders."""
    more: dict[str, Any] = {"run": run} if run else {}
    if left_out:
        more["left_out"] = [problem.facts["left_out"] | {"text": str(problem.text)} for problem in left_out]
    return json.dumps(as_dictionary(prediction) | more, ensure_ascii=False)


def text_line(prediction: Prediction) -> str:
    """The prediction as readable text: path, then the classes with their probability, best first."""
    answer = as_dictionary(prediction)
    text = answer["problem"]["text"] if "problem" in answer else ", ".join(
        f"{item['label']} {format_number(item['probability'], '.2%')}" for item in answer["top"])
    return on_one_line(f"{answer['path']}: {text}")


def pictures_of(paths: Iterable[str], follow_links: bool = False, ignore: Sequence[str] = ()
                ) -> tuple[list[str], tuple[Problem, ...]]:
    """The files themselves; for a folder, all pictures in it and below. With a problem or note for each reason why
    something was left out. Raises ProblemError for a pattern that cannot be understood."""
    files, left_out = list_pictures(paths, follow_links, make_matcher(ignore))
    return files, tuple(left_out_problem(entry, None) for entry in left_out)


def write_csv(path: Path, rows: Iterable[Prediction], names: Sequence[str]) -> None:
    """path, label, probability, problem, then the probability of every class. An earlier file is replaced when all is
    written; raises ProblemError and leaves it as it was otherwise."""
    write_atomically(path, csv_bytes([["path", "label", "probability", "problem", *names],
                                      *(_csv_row(row, names) for row in rows)]))


def _csv_row(row: Prediction, names: Sequence[str]) -> list[object]:
    if row.problem is not None:
        return [row.path, "", "", str(row.problem.text), *[""] * len(names)]
    by_name = {item.label: item.probability for item in row.top}
    return [row.path, row.top[0].label, row.top[0].probability, "", *(by_name.get(name, "") for name in names)]
