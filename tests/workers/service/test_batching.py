"""Pictures of many requests in few batches."""

from __future__ import annotations

import asyncio

import pytest

from cnnstudio.core.service_jobs import Upload
from cnnstudio.workers.service import batching
from cnnstudio.workers.service.batching import Batcher
from cnnstudio.workers.service.refusals import Refused, interrupted
from tests.workers.service.children import prediction
from tests.workers.service.fakes import FakeEngine


def uploads(*names: str, size: int = 1) -> list[Upload]:
    return [Upload(name=name, data=b"x" * size) for name in names]


async def started(engine, **options):
    batcher = Batcher(engine, options.pop("max_waiting", 100), **options)
    batcher.start()
    return batcher


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


def held_engine():
    engine = FakeEngine()
    engine.gate = asyncio.Event()
    return engine


def test_what_waits_is_computed_together_and_everybody_has_his_own_answer():
    async def scenario():
        engine = held_engine()
        sizes = []
        batcher = await started(engine, on_batch=sizes.append)
        tasks = [asyncio.create_task(batcher.answer(uploads(f"{number}", size=number + 1))) for number in range(12)]
        await settle()
        # Two batches were sent as they came; the rest waits.
        assert engine.batches == [1, 4] or engine.batches == [4, 4]
        engine.gate.set()
        answers = await asyncio.gather(*tasks)
        assert [answer.path for (answer,) in answers] == [str(number) for number in range(12)]
        assert [answer.top for (answer,) in answers] == [
            prediction(Upload(name="", data=b"x" * (number + 1))).top for number in range(12)]
        assert sizes == engine.batches and sum(sizes) == 12 and max(sizes) == 4
        assert batcher.waiting == 0

    asyncio.run(scenario())


def test_a_picture_that_comes_alone_does_not_wait_for_others():
    async def scenario():
        engine = FakeEngine()
        batcher = await started(engine)
        for _ in range(3):
            await batcher.answer(uploads("a"))
        assert engine.batches == [1, 1, 1]

    asyncio.run(scenario())


def test_one_at_a_time_where_it_is_chosen():
    async def scenario():
        engine = FakeEngine()
        batcher = await started(engine, max_batch=1)
        await batcher.answer(uploads("a", "b", "c"))
        assert engine.batches == [1, 1, 1]

    asyncio.run(scenario())


def test_a_batch_fits_into_one_message(monkeypatch):
    monkeypatch.setattr(batching, "MOST_BYTES", 100)

    async def scenario():
        engine = FakeEngine()
        batcher = await started(engine)
        await batcher.answer(uploads("a", "b", "c", size=40) + uploads("d", size=100))
        assert engine.batches == [2, 1, 1]

    asyncio.run(scenario())


def test_a_full_queue_refuses_the_whole_request_and_only_that():
    async def scenario():
        engine = held_engine()
        batcher = await started(engine, max_waiting=4)
        first = []
        for _ in range(2):
            first.append(asyncio.create_task(batcher.answer(uploads("a", "b", "c", "d"))))
            await settle()
        third = asyncio.create_task(batcher.answer(uploads("e", "f", "g")))
        await settle()
        assert batcher.waiting == 3
        with pytest.raises(Refused) as refused:
            await batcher.answer(uploads("h", "i"))
        assert refused.value.problem.code == "busy"
        assert batcher.waiting == 3
        engine.gate.set()
        assert [len(found) for found in await asyncio.gather(*first, third)] == [4, 4, 3]

    asyncio.run(scenario())


def test_what_nobody_waits_for_any_more_is_not_computed():
    async def scenario():
        engine = held_engine()
        batcher = await started(engine, max_batch=1)
        tasks = [asyncio.create_task(batcher.answer(uploads(name))) for name in ("a", "b", "gone", "c")]
        await settle()
        tasks[2].cancel()
        engine.gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, tuple) for result in results] == [True, True, False, True]
        assert len(engine.batches) == 3

    asyncio.run(scenario())


def test_an_engine_that_fails_fails_those_it_had_and_no_others():
    async def scenario():
        engine = FakeEngine()
        engine.error = interrupted()
        batcher = await started(engine)
        with pytest.raises(Refused) as refused:
            await batcher.answer(uploads("a", "b", "c", "d", "e"))
        assert refused.value.problem.code == "interrupted"
        engine.error = None
        assert len(await batcher.answer(uploads("a"))) == 1

    asyncio.run(scenario())


def test_whoever_waits_at_the_end_is_told():
    async def scenario():
        engine = held_engine()
        batcher = await started(engine, max_batch=1)
        tasks = [asyncio.create_task(batcher.answer(uploads("a"))) for _ in range(5)]
        await settle()
        await batcher.stop()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {result.problem.code for result in results} == {"stopping"}
        with pytest.raises(Refused):
            await batcher.answer(uploads("a"))

    asyncio.run(scenario())
