"""Bodies in pieces: bounded in size, time and memory."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.workers.service.refusals import Refused
from cnnstudio.workers.service.settings import ServiceSettings
from cnnstudio.workers.service.uploads import Memory, read_files

FORM = "multipart/form-data; boundary=b"


def read(pieces, kind="image/png", *, pause=0.0, memory=None, length=None, **options):
    async def body():
        for piece in pieces:
            await asyncio.sleep(pause)
            yield piece

    async def go():
        settings = ServiceSettings(**options)
        with (memory or Memory(settings.max_held_bytes)).hold() as hold:
            return await read_files(kind, length, body(), "given", settings, hold)

    return asyncio.run(go())


def part(name, content, more=b""):
    return b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n%s\r\n%s\r\n' % (name, more, content)


def refusal(*arguments, **options):
    with pytest.raises(Refused) as refused:
        read(*arguments, **options)
    return refused.value.status, refused.value.problem.code


def test_a_body_in_pieces_is_one_picture():
    assert read([b"ab", b"", b"c"]) == [("given", b"abc")]
    assert read([]) == [("given", b"")]


@given(st.lists(st.tuples(st.text("abcñ ", min_size=1, max_size=8), st.binary(max_size=60)), min_size=1, max_size=5),
       st.integers(1, 40))
def test_a_form_is_the_same_in_pieces_of_any_size(files, size):
    form = b"".join(part(name.encode(), content) for name, content in files) + b"--b--\r\n"
    if any(b"\r\n--b" in b"\r\n" + content for _, content in files):
        return
    assert read([form[begin:begin + size] for begin in range(0, len(form), size)], FORM) == files


@given(st.binary(max_size=300))
def test_no_form_raises_anything_but_a_refusal(content):
    try:
        read([content], FORM)
    except Refused as refused:
        assert refused.status in (400, 413)


@pytest.mark.parametrize("end", [b"", b"--b", b"--b\r\n", b"--b-"])
def test_a_form_that_breaks_off_is_refused(end):
    assert refusal([part(b"a", b"content") + end], FORM) == (400, "bad_form")


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/mixed; b"])
def test_other_types_are_refused_before_anything_is_read(kind):
    def never():
        raise AssertionError
        yield

    assert refusal(never(), kind) == (415, "unknown_type")


def test_what_is_too_large_is_refused_by_its_length_or_when_it_has_come():
    assert refusal(iter([]), length=101, max_bytes=100) == (413, "too_large")
    endless = (b"x" * 10 for _ in range(10 ** 9))
    assert refusal(endless, max_bytes=100) == (413, "too_large")
    assert refusal([part(b"a", b"x" * 200)], FORM, max_bytes=100) == (413, "too_large")


def test_a_slow_body_is_given_up(monkeypatch):
    monkeypatch.setattr(ServiceSettings, "upload_seconds", 0.05)
    for kind in ("image/png", FORM):
        assert refusal([b"x"] * 1000, kind, pause=0.01) == (408, "too_slow")


def test_all_requests_together_hold_no_more_than_there_is_room_for():
    memory = Memory(100)
    with memory.hold() as other:
        other.take(60)
        assert read([b"x" * 40], memory=memory) == [("given", b"x" * 40)]
        assert refusal([b"x" * 41], memory=memory) == (503, "busy")
        assert memory.held == 60
    assert memory.held == 0


def test_parts_without_a_file_name_have_that_of_their_field():
    assert read([b'--b\r\nContent-Disposition: form-data; name="picture"\r\n\r\nx\r\n--b--'], FORM) == [("picture", b"x")]
