"""Pictures of many requests in few batches: what waits while the network computes is computed together.

A picture that comes alone is sent at once: nothing waits for company.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.service_jobs import Upload
from cnnstudio.workers.service.refusals import busy, interrupted, stopping
from cnnstudio.workers.service.settings import MOST_BYTES

AT_ONCE: Final = 2
"""Batches that the engine has at the same time: one is decoded while another is computed."""


class Answerer(Protocol):
    """What computes the answers."""

    @property
    def batch(self) -> int:
        """The best number of pictures at once; 1 while that is not known."""

    async def classify(self, uploads: Sequence[Upload]) -> tuple[Prediction, ...]:
        """The answers of one batch, in its order. Raises Refused where there are none."""


class _Waiting(NamedTuple):
    upload: Upload
    answer: asyncio.Future[Prediction]


class Batcher:
    """The queue in front of an engine. Every method is called in the thread of its loop."""

    def __init__(self, answerer: Answerer, max_waiting: int, max_batch: int = 0,
                 on_batch: Callable[[int], object] = lambda _size: None) -> None:
        self._answerer, self._max_waiting, self._max_batch, self._on_batch = answerer, max_waiting, max_batch, on_batch
        self._waiting: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._open = True

    @property
    def waiting(self) -> int:
        """How many pictures are not with the engine yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to answer, in the running loop."""
        self._tasks = [asyncio.create_task(self._work(), name=f"batches {number}") for number in range(AT_ONCE)]

    async def stop(self) -> None:
        """End; whoever still waits is refused."""
        self._open = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while self._waiting:
            _refuse(self._waiting.popleft(), stopping())

    async def answer(self, uploads: Sequence[Upload]) -> tuple[Prediction, ...]:
        """The answers for the pictures of one request, in their order. Raises Refused: at once where too many wait already
        (then none of these is computed), or where the engine ends."""
        if not self._open:
            raise stopping()
        if len(self._waiting) + len(uploads) > self._max_waiting:
            raise busy()
        loop = asyncio.get_running_loop()
        mine = [_Waiting(upload, loop.create_future()) for upload in uploads]
        self._waiting.extend(mine)
        self._arrived.set()
        # Where nobody waits any more this cancels them, and they are not computed.
        results = await asyncio.gather(*(item.answer for item in mine), return_exceptions=True)
        predictions = [result for result in results if isinstance(result, Prediction)]
        if len(predictions) < len(results):
            raise next(result for result in results if isinstance(result, BaseException))
        return tuple(predictions)

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            batch = self._take()
            if batch:
                await self._compute(batch)

    def _take(self) -> list[_Waiting]:
        """The next pictures that fit into one batch and one message to the engine."""
        size = self._max_batch or self._answerer.batch
        batch: list[_Waiting] = []
        total = 0
        while self._waiting and len(batch) < size:
            item = self._waiting[0]
            total += len(item.upload.data)
            if batch and total > MOST_BYTES:
                break
            self._waiting.popleft()
            if item.answer.done():
                total -= len(item.upload.data)
            else:
                batch.append(item)
        if not self._waiting:
            self._arrived.clear()
        return batch

    async def _compute(self, batch: list[_Waiting]) -> None:
        self._on_batch(len(batch))
        try:
            predictions = await self._answerer.classify([item.upload for item in batch])
        except asyncio.CancelledError:
            for item in batch:
                _refuse(item, stopping())
            raise
        except Exception as err:  # noqa: BLE001 - passed on to whoever waits
            for item in batch:
                _refuse(item, err)
            return
        for number, item in enumerate(batch):
            if number >= len(predictions):
                _refuse(item, interrupted())
            elif not item.answer.done():
                item.answer.set_result(predictions[number])


def _refuse(item: _Waiting, reason: Exception) -> None:
    if not item.answer.done():
        item.answer.set_exception(reason)
