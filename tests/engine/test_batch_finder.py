"""The largest batch: doubled until it does not fit, then between the last two sizes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.trial_jobs import BatchFound, BatchTried, FindBatch
from cnnstudio.engine import batch_finder as module
from cnnstudio.engine.batch_finder import _Search, find_batch
from cnnstudio.workers.batch_answers import best_of, found_in
from cnnstudio.workers.trouble import gpu_lost_problem, memory_problem
from tests.engine.collections_of_pictures import CLASSES, small_project, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture
def job(tmp_path, pictures):
    root, entries = pictures
    write_manifest(tmp_path / "m.jsonl", root, entries, CLASSES[:2])
    return FindBatch(manifest=str(tmp_path / "m.jsonl"), project=small_project(), project_folder=str(tmp_path),
                     cache=str(tmp_path / "cache"))


class Card:
    """A graphics card on which so many pictures fit."""

    def __init__(self, room):
        self.room, self.sizes = room, []

    def steps(self, size):
        self.sizes.append(size)
        if size > self.room:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        return 100.0 + min(size, 64)


@pytest.mark.parametrize("room", [
    8, 255, *(pytest.param(room, marks=pytest.mark.nightly) for room in (1, 7, 100, 256, 1000, 5000))])
def test_the_largest_batch_is_found_to_a_sixteenth(monkeypatch, job, room):
    monkeypatch.setattr(module, "on_gpu", lambda: True)
    card = Card(room)
    search = _Search(job, card.steps, Recorder(), 4096)
    search.run()
    found = found_in(search.tried, "memory", None)
    assert found.batch_size <= room
    assert found.batch_size >= min(room, 4096) - max(1, room // 16)
    assert len(card.sizes) == len(set(card.sizes)), "no size twice"
    assert search.budget is None
    assert (search.too_large is None) == (room >= 4096)


def test_nothing_fits(monkeypatch, job):
    monkeypatch.setattr(module, "on_gpu", lambda: True)
    search = _Search(job, Card(0).steps, Recorder(), 64)
    search.run()
    assert found_in(search.tried, "memory", None) is None


def test_another_error_is_not_taken_for_memory(monkeypatch, job):
    monkeypatch.setattr(module, "on_gpu", lambda: True)

    def broken(_size):
        raise ValueError("the shapes do not match")

    with pytest.raises(ValueError, match="shapes"):
        _Search(job, broken, Recorder(), 64).run()


def test_a_processor_is_not_brought_to_its_limits(monkeypatch, job):
    """What the memory of smaller batches says does not fit is not tried."""
    peaks = {}

    class Watch:
        peak = 0

        def watching(self):
            import contextlib

            return contextlib.nullcontext()

    watch = Watch()
    monkeypatch.setattr(module, "PeakWatch", lambda: watch)

    def steps(size):
        watch.peak = peaks[size] = 500e6 + size * 1e6
        return 10.0

    search = _Search(replace(job, memory_mb=700.0), steps, Recorder(), 4096)
    search.run()
    assert max(peaks) <= 200
    assert found_in(search.tried, "memory", None).batch_size >= 188
    refused = [item for item in search.tried if not item.fits]
    assert refused
    assert all(item.pictures_per_second == 0 for item in refused)


def test_a_process_that_keeps_its_memory_is_not_asked_again(monkeypatch, job):
    """After a size that took too much, smaller ones seem to take as much."""
    kept = [0.0]

    class Watch:
        peak = 0.0

        def watching(self):
            import contextlib

            return contextlib.nullcontext()

    watch = Watch()
    monkeypatch.setattr(module, "PeakWatch", lambda: watch)

    def steps(size):
        # Small sizes fit into what the libraries hold anyway, so that their growth tells nothing.
        kept[0] = max(kept[0], 800e6, 600e6 + size * 1e6)
        watch.peak = kept[0]
        return 10.0

    search = _Search(replace(job, memory_mb=1000.0), steps, Recorder(), 4096)
    search.run()
    assert 300 <= found_in(search.tried, "memory", None).batch_size <= 450


def test_real_steps_are_bounded_by_the_pictures(job):
    recorder = Recorder()
    assert isinstance(find_batch(job, recorder), Finished)
    (found,) = recorder.of(BatchFound)
    assert found.limit == "pictures"
    assert found.tried[-1].batch_size == found.batch_size
    assert found.budget_mb > 0
    assert all(item.pictures_per_second > 0 for item in found.tried)
    assert [item.batch_size for item in recorder.of(BatchTried)] == [item.batch_size for item in found.tried]


def test_without_any_memory_the_problem_says_so(job):
    with pytest.raises(ProblemError) as told:
        find_batch(replace(job, memory_mb=1.0), Recorder())
    assert told.value.problems[0].code == "no_batch_fits"


def test_what_fitted_before_the_system_ended_the_process_is_the_answer():
    tried = [BatchTried(batch_size=8, fits=True, memory_mb=1.0, pictures_per_second=20.0),
             BatchTried(batch_size=16, fits=True, memory_mb=2.0, pictures_per_second=10.0)]
    found = best_of(tried, memory_problem(None))
    assert (found.batch_size, found.fastest, found.limit) == (16, 8, "memory")
    assert best_of([], memory_problem(None)) is None
    assert best_of(tried, gpu_lost_problem()) is None
