"""The window asks for a newer version only where the user switched that on, and stays silent where it cannot."""

from __future__ import annotations

import pytest

from cnnstudio.core import updates
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import same
from cnnstudio.gui.state.updates import UpdateCheck
from tests.gui.driving import wait_idle


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setenv("CNNSTUDIO_RELEASES", "http://127.0.0.1:9/latest")
    monkeypatch.setattr(updates, "newer_version", lambda: calls.append("asked") or "99.1")
    return calls


def test_nothing_is_asked_unless_switched_on_and_then_told_once(qtbot, session, asked):
    found: list[str] = []
    check = UpdateCheck(session)
    check.found.connect(found.append)
    check.begin()
    assert asked == []
    session.set_setting("check_updates", True)
    wait_idle(qtbot, session)
    session.set_setting("theme", "dark")
    wait_idle(qtbot, session)
    assert (asked, found) == (["asked"], ["99.1"])
    again = UpdateCheck(session)
    again.found.connect(found.append)
    again.begin()
    wait_idle(qtbot, session)
    assert (len(asked), found) == (2, ["99.1"])


@pytest.mark.usefixtures("asked")
def test_a_failure_is_silent(qtbot, session, monkeypatch):
    def fail() -> str:
        raise ProblemError(error("offline", same("x"), "machine"))

    monkeypatch.setattr(updates, "newer_version", fail)
    problems: list[object] = []
    session.problem_reported.connect(problems.append)
    session.set_setting("check_updates", True)
    check = UpdateCheck(session)
    check.begin()
    wait_idle(qtbot, session)
    assert problems == []
