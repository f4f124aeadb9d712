"""A service from its start to its end, with a scripted child: deaths, hangs, and what was accepted."""

from __future__ import annotations

import threading
import time

import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.service import engine
from tests.workers.service.running import Watched, answer_of, request, running


def test_it_says_what_it_does():
    with running() as watched:
        state = watched.service.state
        assert (state.phase, state.problem, state.restarts) == ("ready", None, 0)
        assert state.url.startswith("http://127.0.0.1:")
        assert state.model is not None and state.model.class_names == ("a", "b", "c")
        assert (watched.service.name, watched.service.run) == ("some model", "")
        status, answer = watched.ask(b"1234")
        assert (status, answer["label"], answer["path"]) == (200, "b", "a")
    assert watched.service.state.phase == "ended"
    with pytest.raises(ConnectionRefusedError):
        watched.connect()


def test_a_child_that_dies_is_started_again_and_its_requests_are_told():
    with running() as watched:
        assert watched.ask(b"dies")[1]["problem"]["code"] == "interrupted"
        watched.wait_for(lambda: watched.phases.count("ready") == 2)
        assert watched.deaths == [("child_died", 7)]
        assert watched.service.state.restarts == 1
        assert watched.ask(b"1")[0] == 200


def test_a_child_that_hangs_is_replaced(monkeypatch):
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.5)
    with running() as watched:
        status, answer = watched.ask(b"hangs")
        assert (status, answer["problem"]["code"]) == (503, "interrupted")
        watched.wait_for(lambda: watched.phases.count("ready") == 2)
        assert watched.deaths[0][0] == "engine_ended"
        assert watched.ask(b"1")[0] == 200


def test_a_child_that_dies_too_often_ends_the_service(monkeypatch):
    monkeypatch.setattr(engine, "RESTARTS", 1)
    watched = Watched("answers")
    watched.service.start()
    for number in (1, 2):
        watched.wait_for(lambda number=number: watched.phases.count("ready") == number)
        watched.ask(b"dies")
    assert watched.service.join(30)
    problem = watched.service.state.problem
    assert problem is not None and problem.code == "child_died"


@pytest.mark.parametrize(("child", "code"), [("fails", "damaged_model"), ("leaves", "engine_ended")])
def test_a_child_that_cannot_serve_ends_the_service_with_its_reason(child, code, monkeypatch):
    monkeypatch.setattr(engine, "RESTARTS", 0)
    watched = Watched(child)
    watched.service.start()
    assert watched.service.join(30)
    problem = watched.service.state.problem
    assert problem is not None and problem.code == code


def test_what_was_accepted_is_answered_before_the_end():
    with running("answers_slowly") as watched:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(watched.ask(b"1"))) for _ in range(6)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while watched.service.state.phase == "ready" and time.monotonic() < deadline:
            with watched.connect() as connection:
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                text = b"".join(iter(lambda connection=connection: connection.recv(65536), b""))
            if b"cnnstudio_held_bytes 6.0" in text:
                break
        watched.service.stop()
        for thread in threads:
            thread.join(30)
        assert [status for status, _ in answers] == [200] * 6
        assert watched.service.join(30)
    assert watched.service.state.problem is None


def test_it_can_be_stopped_while_the_model_is_loaded():
    watched = Watched("loads_slowly")
    watched.service.start()
    status, answer = watched.ask(b"1")
    assert (status, answer["problem"]["code"]) == (503, "not_ready")
    watched.service.stop()
    assert watched.service.join(30)
    assert watched.service.state.problem is None


def test_settings_that_are_wrong_and_ports_in_use_start_nothing():
    with pytest.raises(ProblemError):
        Watched("answers", max_files=0).service.start()
    with running() as watched:
        port = int(watched.service.state.url.rstrip("/").rpartition(":")[2])
        other = Watched("answers", port=port)
        with pytest.raises(ProblemError) as raised:
            other.service.start()
        assert raised.value.problems[0].code == "port_in_use"
        assert not other.service.engine.is_over


def test_many_clients_have_each_their_own_answer():
    with running() as watched:
        wrong = []

        def client(number: int) -> None:
            with watched.connect() as connection:
                for turn in range(20):
                    content = b"x" * (1 + (number + turn) % 7)
                    connection.sendall(request(content))
                    status, answer = answer_of(connection)
                    if status != 200 or answer["label"] != "abc"[len(content) % 3]:
                        wrong.append((number, turn, status, answer))

        threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert wrong == []
