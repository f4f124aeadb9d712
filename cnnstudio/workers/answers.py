"""Answers for pictures as lines: the one form that the command line and an exported predict.py print."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cnnstudio.core.events import Prediction
from cnnstudio.datasets.layout import SUFFIXES

DECIMALS: Final = 6


def as_dictionary(prediction: Prediction) -> dict[str, Any]:
    """{"path", "label", "probability", "top": [{"label", "probability"}]} or {"path", "problem": {"code", "text"}}."""
    if prediction.problem is not None:
        return {"path": prediction.path,
                "problem": {"code": prediction.problem.code, "text": str(prediction.problem.text)}}
    top = [{"label": each.label, "probability": round(each.probability, DECIMALS)} for each in prediction.top]
    return {"path": prediction.path, "label": top[0]["label"], "probability": top[0]["probability"], "top": top}


def json_line(prediction: Prediction) -> str:
    """The answer as one line of JSON."""
    return json.dumps(as_dictionary(prediction), ensure_ascii=False)


def text_line(prediction: Prediction) -> str:
    """The answer for people: path, then the classes with their probability, best first."""
    found = as_dictionary(prediction)
    if "problem" in found:
        return f"{found['path']}: {found['problem']['text']}"
    return f"{found['path']}: " + ", ".join(f"{each['label']} {each['probability']:.2%}" for each in found["top"])


def expand(paths: Iterable[str]) -> list[str]:
    """Files as they are; of a folder, all pictures in it and below, in the order of their names."""
    found: list[str] = []
    for path in paths:
        if not Path(path).is_dir():
            found.append(path)
            continue
        for folder, folders, files in os.walk(path):
            folders.sort()
            found += [os.path.join(folder, name) for name in sorted(files)
                      if os.path.splitext(name)[1].lower() in SUFFIXES]
    return found
