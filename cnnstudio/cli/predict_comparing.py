"""`predict --against`: two models on the same pictures, one after the other, so that only one is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.cli.output import Output
from cnnstudio.core import jobs
from cnnstudio.core.text import format_number, on_one_line, tr
from cnnstudio.evaluation.model_comparison import Comparer, ModelComparison, PictureDifference
from cnnstudio.workers.answer_format import DECIMALS, as_dictionary
from cnnstudio.workers.compact_answers import AnswerPacker, as_array

_LISTED: Final = 10


class Comparing:
    """Keeps the answers of the first model in little memory, and prints each picture when the second one answers."""

    def __init__(self, output: Output, top: int) -> None:
        self._output, self._top = output, top
        self._first: list[tuple[jobs.Prediction, np.ndarray | None]] = []
        self._packer: AnswerPacker | None = None
        self._other: AnswerPacker | None = None
        self._comparer: Comparer | None = None
        self._place = 0

    def on_first_ready(self, ready: jobs.Ready) -> None:
        self._packer = AnswerPacker(ready.class_names)

    def on_second_ready(self, ready: jobs.Ready) -> None:
        assert self._packer is not None
        self._other = AnswerPacker(ready.class_names)
        self._comparer = Comparer(self._packer.names, ready.class_names)

    def add_first(self, answer: jobs.Prediction) -> None:
        """An answer of the first model."""
        assert self._packer is not None
        self._first.append((msgspec.structs.replace(answer, top=answer.top[:self._top]), as_array(answer, self._packer)))

    def add_second(self, answer: jobs.Prediction) -> None:
        """The answer of the second model to the next picture; both come in the order of the pictures."""
        assert self._comparer is not None and self._other is not None
        first, values = self._first[self._place]
        self._place += 1
        found = self._comparer.add(first.path, values, as_array(answer, self._other))
        line = as_dictionary(first)
        if found is not None:
            line["against"] = {"label": found.second, "probability": round(found.second_probability, DECIMALS)}
            line["difference"] = round(found.difference, DECIMALS)
            text = _text(found)
        else:
            problem = as_dictionary(answer).get("problem")
            line["against"] = {"problem": problem} if problem is not None else {}
            text = f"{first.path}: " + (line.get("problem") or problem or {"text": "?"})["text"]
        self._output.line(line, on_one_line(text))

    def report(self, output: Output) -> None:
        """Print the summary."""
        if self._comparer is not None:
            _print(self._comparer.result(), output)


def _text(found: PictureDifference) -> str:
    sign = "=" if found.agrees else "≠"
    return (f"{found.path}: {found.first} {format_number(found.first_probability, '.2%')} {sign} "
            f"{found.second} {format_number(found.second_probability, '.2%')}")


def _print(done: ModelComparison, output: Output) -> None:
    largest = done.largest_difference
    pairs: list[dict[str, Any]] = [
        {"first": done.first_names[row], "second": done.second_names[column], "count": count}
        for row, counts in enumerate(done.counts) for column, count in enumerate(counts) if count]
    pairs.sort(key=lambda pair: -pair["count"])
    line = {"event": "comparison", "images": len(done.pictures), "unanswered": done.unanswered,
            "agreement": done.agreement, "changes": done.changes, "mean_difference": done.mean_difference,
            "largest_difference": largest.difference if largest is not None else None,
            "largest_path": largest.path if largest is not None else None, "confusion": pairs}
    output.line(line, "\n".join(_lines(done, pairs)))


def _lines(done: ModelComparison, pairs: Sequence[dict[str, Any]]) -> list[str]:
    largest = done.largest_difference
    if done.agreement is None or done.mean_difference is None or largest is None:
        return [tr("no picture was answered by both models", "ninguna imagen fue respondida por ambos modelos")]
    lines = [tr("same answer for {share:.1%} of {n:,} pictures, another one for {changes:,}",
                "la misma respuesta en el {share:.1%} de {n:,} imágenes, otra en {changes:,}", share=done.agreement,
                n=len(done.pictures), changes=done.changes),
             tr("difference of the probabilities: mean {mean}, largest {largest} ({path})",
                "diferencia de las probabilidades: media {mean}, máxima {largest} ({path})",
                mean=format_number(done.mean_difference, ".4f"), largest=format_number(largest.difference, ".4f"),
                path=on_one_line(largest.path))]
    lines += [on_one_line(f"  {pair['first']} → {pair['second']}: {pair['count']}") for pair in pairs
              if pair["first"] != pair["second"]][:_LISTED]
    return lines
