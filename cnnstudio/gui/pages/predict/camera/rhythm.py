"""How many answers a second a camera gets and how late they are, and the mean of the last answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.workers.compact_answers import AnswerPacker

_SECONDS = 2.0


class Rhythm:
    """Counts answers over the last two seconds. All times are of time.monotonic."""

    def __init__(self) -> None:
        self._answers: deque[tuple[float, float]] = deque()

    def add(self, came: float, answered: float) -> None:
        """A frame that came then was answered then."""
        self._answers.append((answered, answered - came))
        while self._answers[0][0] < answered - _SECONDS:
            self._answers.popleft()

    @property
    def rate(self) -> float:
        """Answers a second; 0 where there are too few to say."""
        if len(self._answers) < 2:
            return 0.0
        return (len(self._answers) - 1) / max(1e-6, self._answers[-1][0] - self._answers[0][0])

    @property
    def latency(self) -> float:
        """Seconds from a frame to its answer, on average."""
        return sum(late for _answered, late in self._answers) / len(self._answers) if self._answers else 0.0


class Smoother:
    """The mean of the probabilities of the last answers."""

    def __init__(self, names: Sequence[str]) -> None:
        self._packer = AnswerPacker(names)
        self._last: deque[np.ndarray] = deque(maxlen=1)

    def set_count(self, count: int) -> None:
        """Average over so many answers."""
        self._last = deque(self._last, maxlen=max(1, count))

    def add(self, answer: Prediction) -> tuple[Ranked, ...]:
        """The mean with this answer, the best class first."""
        self._last.append(np.asarray(self._packer.pack(answer.top), np.float64))
        mean = np.mean(self._last, axis=0)
        order = np.argsort(-mean, kind="stable")
        return tuple(Ranked(label=self._packer.names[place], probability=float(mean[place])) for place in order.tolist())
