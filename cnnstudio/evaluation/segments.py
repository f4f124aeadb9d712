"""The stretches of a video in which a model answers the same."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class FrameAnswer(msgspec.Struct, frozen=True):
    """The answer for a frame: its seconds, the class ("" where there is none), its probability, and whether it is sure."""

    seconds: float
    label: str
    probability: float
    not_sure: bool = False


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """Frames in a row with the same answer, from the first of them to the first of the next segment. `probability` is the mean
    of that class over the `frames` that were answered."""

    begin: float
    end: float
    label: str
    not_sure: bool
    probability: float
    frames: int


def segments_of(answers: Iterable[FrameAnswer], end: float | None = None) -> list[Segment]:
    """The segments of frames in the order of time. The last one ends at `end`, or with its last frame where that is later or
    unknown. Frames that are not sure are segments of their own; those without an answer end one."""
    result: list[Segment] = []
    begin, sums, count, last = 0.0, 0.0, 0, 0.0
    present: tuple[str, bool] | None = None

    def finish(at: float) -> None:
        if present is not None and present[0] and count:
            result.append(Segment(begin=begin, end=at, label=present[0], not_sure=present[1], probability=sums / count,
                                  frames=count))

    for answer in answers:
        kind = ("", False) if not answer.label else (answer.label, answer.not_sure)
        if kind != present:
            finish(answer.seconds)
            present, begin, sums, count = kind, answer.seconds, 0.0, 0
        sums, count, last = sums + answer.probability, count + 1, answer.seconds
    finish(max(last, end or 0.0))
    return result
