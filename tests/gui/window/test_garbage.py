"""Garbage of all threads is collected in the window's thread."""

from __future__ import annotations

import gc
import threading

from cnnstudio.core.text import Text
from cnnstudio.gui.window import garbage


class _Cycle:
    """Tells in which thread it was taken apart."""

    died: list[bool] = []

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        _Cycle.died.append(threading.current_thread() is threading.main_thread())


def test_what_a_thread_leaves_behind_dies_in_the_windows_thread(qtbot, session):
    _Cycle.died.clear()
    many = 4 * gc.get_threshold()[0]

    def work(_report):
        for _ in range(many):
            _Cycle()

    done = []
    session.jobs.run(work, Text("Making garbage", "Dejando basura"), "garbage", done=done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=10_000)
    gc.collect()
    assert len(_Cycle.died) == many
    assert all(_Cycle.died)


def test_what_is_due_is_collected(qapp):
    collector = garbage.Collector()
    gc.collect()
    for _ in range(2 * gc.get_threshold()[0]):
        _Cycle()
    _Cycle.died.clear()
    qapp.processEvents()
    collector.collect_due()
    assert len(_Cycle.died) >= 2 * gc.get_threshold()[0]
    assert collector.collect_due() == 0
    collector.stop()


def test_everything_is_searched_again_only_when_a_quarter_of_it_is_new(monkeypatch):
    """As by Python's own collector: to search everything takes long, and the window waits."""
    collected, collect, thresholds = [], gc.collect, gc.get_threshold()
    monkeypatch.setattr(gc, "collect", lambda generation=2: (collected.append(generation), collect(generation))[1])
    collector = garbage.Collector()
    gc.set_threshold(50, 3, 3)
    try:
        kept = []
        for _ in range(200):
            kept += [[] for _ in range(60)]
            collector.collect_due()
        assert collected.count(2) == 1
        assert collected.count(1) > 20
        kept += [[] for _ in range(len(gc.get_objects()))]
        for _ in range(200):
            kept += [[] for _ in range(60)]
            collector.collect_due()
        assert collected.count(2) == 2
    finally:
        gc.set_threshold(*thresholds)
        collector.stop()


def test_it_hands_back_what_it_took():
    first = garbage.Collector()
    assert not gc.isenabled()
    first.stop()
    # The test itself runs under one.
    assert not gc.isenabled()
