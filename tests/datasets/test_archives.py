"""Archives: what is unpacked, where, and everything that is refused before a single byte is written."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources import staging
from cnnstudio.datasets.sources.archives import Limits, look_through, name_problem, unpack_archive
from cnnstudio.datasets.sources.kinds import describe, unpack
from cnnstudio.datasets.sources.staging import Names, clean_name
from tests.datasets.test_datasets import PNG


def zipped(path: Path, names, content=PNG) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, content)
    return path


def tarred(path: Path, members, mode="w:gz") -> Path:
    with tarfile.open(path, mode) as file:
        for item in members:
            info, content = item if isinstance(item, tuple) else (tarfile.TarInfo(item), PNG)
            info.size = len(content) if info.isreg() else 0
            file.addfile(info, io.BytesIO(content))
    return path


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def codes(path: Path, target: Path, limits: Limits = Limits()) -> set[str]:
    """The problems of an archive that is refused; nothing may have been written."""
    before = set(os.listdir(target.parent))
    with pytest.raises(ProblemError) as fault:
        unpack_archive(path, target, limits=limits)
    assert set(os.listdir(target.parent)) == before
    return {problem.code for problem in fault.value.problems}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz"])
def test_every_kind_and_the_folder_that_wraps(tmp_path, name):
    names = ["all/cat/1.png", "all/cat/é ñ 😺.png", "all/dog/2.png", "__MACOSX/all/._x", "all/.DS_Store"]
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, names)
    else:
        tarred(path, names, {"r": "w", "z": "w:gz", "2": "w:bz2"}.get(name[-1], "w:xz") if name != "a.tar" else "w")
        if name == "a.tgz":
            tarred(path, names, "w:gz")
    seen: list[tuple[int, int]] = []
    result = describe(path)
    assert (result.kind, result.pictures, result.classes, result.usable) == ("archive", 3, ("cat", "dog"), True)
    target = unpack_archive(path, tmp_path / "out", lambda *item: seen.append(item))
    assert files(target) == {"cat/1.png", "cat/é ñ 😺.png", "dog/2.png"}
    assert (target / "cat" / "1.png").read_bytes() == PNG
    assert seen[-1] == (3 * len(PNG), 3 * len(PNG))
    assert set(os.listdir(tmp_path)) == {name, "out"}


def test_an_archive_without_class_folders_is_refused_and_leaves_nothing(tmp_path):
    for number, names in enumerate((["1.png", "2.png"], ["readme.txt"], [], ["train/1.png", "test/2.png"])):
        path = zipped(tmp_path / f"{number}.zip", names)
        assert not describe(path).usable
        with pytest.raises(ProblemError) as problem:
            unpack(path, tmp_path / "out")
        assert problem.value.problems[0].code == "no_pictures"
        assert not (tmp_path / "out").exists()


def test_an_archive_of_arrays_is_a_source(tmp_path):
    np.savez(tmp_path / "digits.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.array([0, 1, 0, 1]))
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.write(tmp_path / "digits.npz", "digits.npz")
    assert describe(tmp_path / "packed.zip").usable
    assert len(files(unpack(tmp_path / "packed.zip", tmp_path / "out"))) == 4


def test_split_folders_and_single_classes_stay(tmp_path):
    assert files(unpack_archive(zipped(tmp_path / "a.zip", ["train/cat/1.png", "train/dog/1.png"]), tmp_path / "a")) == {
        "train/cat/1.png", "train/dog/1.png"}
    assert files(unpack_archive(zipped(tmp_path / "b.zip", ["cat/1.png"]), tmp_path / "b")) == {"cat/1.png"}
    assert files(unpack_archive(zipped(tmp_path / "c.zip", ["x/y/cat/1.png", "x/y/dog/1.png"]), tmp_path / "c")) == {
        "cat/1.png", "dog/1.png"}


@pytest.mark.parametrize("name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:\\evil.png", "..\\evil.png",
                                  "a/..", "c:evil.png", "\\\\server\\share\\x.png"])
def test_no_path_escapes(tmp_path, name):
    assert codes(zipped(tmp_path / "a.zip", ["cat/1.png", name]), tmp_path / "out") == {"escapes"}
    assert codes(tarred(tmp_path / "a.tar.gz", ["cat/1.png", name]), tmp_path / "out") == {"escapes"}
    assert not (tmp_path / "evil.png").exists()
    assert not (tmp_path.parent / "evil.png").exists()


def test_links_devices_and_the_rest_are_told_together(tmp_path):
    path = tarred(tmp_path / "a.tar", [special("cat", tarfile.SYMTYPE, "/etc"), "cat/passwd.png",
                                       special("hard.png", tarfile.LNKTYPE, "../x"), special("null", tarfile.CHRTYPE),
                                       special("pipe", tarfile.FIFOTYPE), "../up.png", "dog/1.png"], "w")
    assert codes(path, tmp_path / "out") == {"links", "devices", "escapes"}
    info = zipfile.ZipInfo("link.png")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    assert codes(tmp_path / "a.zip", tmp_path / "out") == {"links"}


def test_a_file_that_is_a_folder_too(tmp_path):
    assert codes(zipped(tmp_path / "a.zip", ["cat", "cat/1.png"]), tmp_path / "out") == {"bad_names"}


def test_bombs(tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", ["cat/1.png"], bytes(120 << 20))
    assert bomb.stat().st_size < 1 << 20
    assert codes(bomb, tmp_path / "out") == {"bomb"}
    assert codes(tarred(tmp_path / "b.tar.gz", [(tarfile.TarInfo("cat/1.png"), bytes(120 << 20))]),
                 tmp_path / "out") == {"bomb"}
    inner = bomb.read_bytes()
    nested = zipped(tmp_path / "nested.zip", ["cat/inner.zip", "cat/1.png"], inner)
    assert files(unpack_archive(nested, tmp_path / "nested")) == {"cat/inner.zip", "cat/1.png"}
    many = zipped(tmp_path / "many.zip", [f"cat/{number}.png" for number in range(50)])
    assert codes(many, tmp_path / "out", Limits(count=20)) == {"too_many_files"}
    assert codes(many, tmp_path / "out", Limits(total=1000)) == {"too_big"}
    assert codes(many, tmp_path / "out", Limits(single=10)) == {"too_big"}


def test_a_head_that_promises_terabytes_is_refused_at_once(tmp_path):
    info = tarfile.TarInfo("cat/1.png")
    info.size = 1 << 45
    (tmp_path / "a.tar").write_bytes(info.tobuf() + bytes(1024))
    assert codes(tmp_path / "a.tar", tmp_path / "out") == {"too_big"}
    long_name = tarfile.TarInfo("x")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 36
    (tmp_path / "b.tar").write_bytes(long_name.tobuf() + bytes(1024))
    assert codes(tmp_path / "b.tar", tmp_path / "out") == {"damaged_archive"}


def test_files_that_overlap_are_a_bomb(tmp_path):
    path = zipped(tmp_path / "a.zip", ["cat/1.png", "cat/2.png"])
    data = bytearray(path.read_bytes())
    # The second entry of the directory is pointed at the first file.
    place = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 42, 0)
    path.write_bytes(data)
    assert "bomb" in codes(path, tmp_path / "out")


def test_what_is_no_archive_or_damaged(tmp_path):
    for number, data in enumerate((b"", b"PK\x03\x04nothing", b"\x1f\x8b\x08nothing", b"BZh9x", b"\xfd7zXZ\x00x", PNG)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(data)
        assert codes(path, tmp_path / "out") == {"damaged_archive"}
    whole = tarred(tmp_path / "cut.tar.gz", ["cat/1.png", "cat/2.png"]).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[:-20])
    assert codes(tmp_path / "cut.tar.gz", tmp_path / "out") == {"damaged_archive"}
    assert codes(tmp_path / "gone.zip", tmp_path / "out") == {"cannot_read"}
    flipped = bytearray(zipped(tmp_path / "crc.zip", ["cat/1.png"], os.urandom(4000)).read_bytes())
    flipped[500] ^= 0xFF
    (tmp_path / "crc.zip").write_bytes(flipped)
    assert codes(tmp_path / "crc.zip", tmp_path / "out") == {"damaged_archive"}


def test_a_tar_that_is_cut_anywhere_is_damaged(tmp_path):
    """Also right behind a member, where what is left looks whole."""
    whole = tarred(tmp_path / "whole.tar", ["cat/1.png", "cat/2.png", "dog/1.png"], "w").read_bytes()
    with tarfile.open(tmp_path / "whole.tar") as file:
        ends = [member.offset_data + -(-member.size // 512) * 512 for member in file]
    cuts = {*ends, *(end + 100 for end in ends), *(end - 512 for end in ends), len(PNG) // 2 + 512}
    for number, cut in enumerate(sorted(cuts)):
        path = tmp_path / f"cut{number}.tar"
        path.write_bytes(whole[:cut])
        assert codes(path, tmp_path / f"out{number}") == {"damaged_archive"}, cut
    assert len(files(unpack_archive(tmp_path / "whole.tar", tmp_path / "whole"))) == 3


def test_locked_with_a_password(tmp_path):
    path = zipped(tmp_path / "a.zip", ["cat/1.png"])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert codes(path, tmp_path / "out") == {"encrypted"}


def test_nothing_is_overwritten_and_cancelling_leaves_nothing(tmp_path):
    path = zipped(tmp_path / "a.zip", [f"cat/{number}.png" for number in range(30)])
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    assert codes(path, tmp_path / "there") == {"target_exists"}
    (tmp_path / "empty").mkdir()
    assert len(files(unpack_archive(path, tmp_path / "empty"))) == 30
    calls = []

    def stop():
        calls.append(1)
        if len(calls) > 45:
            raise InterruptedError

    with pytest.raises((InterruptedError, ProblemError)):
        unpack_archive(path, tmp_path / "out", check=stop)
    assert set(os.listdir(tmp_path)) == {"a.zip", "there", "empty"}


def test_a_full_disk_is_told_before_and_cleaned_up_after(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", ["cat/1.png"])
    monkeypatch.setattr(staging.shutil, "disk_usage", lambda _place: type("Usage", (), {"free": 1000}))
    assert codes(path, tmp_path / "out") == {"no_space"}
    monkeypatch.undo()

    def full(*_):
        raise OSError(28, "No space left on device")

    with pytest.raises(ProblemError) as problem, staging.new_folder(tmp_path / "out") as place:
        (place / "half").write_text("x")
        full()
    assert problem.value.problems[0].code == "no_space"
    assert set(os.listdir(tmp_path)) == {"a.zip"}


def test_what_a_killed_program_left_is_cleared_away(tmp_path):
    (tmp_path / ".out.abc.writing" / "cat").mkdir(parents=True)
    unpack_archive(zipped(tmp_path / "a.zip", ["cat/1.png"]), tmp_path / "out")
    assert set(os.listdir(tmp_path)) == {"a.zip", "out"}


def test_names_that_collide_or_that_some_systems_cannot_have(tmp_path):
    path = zipped(tmp_path / "a.zip", ["Cat/1.png", "cat/1.png", "cat/1.PNG", "con/a:b?.png", "dog/" + "ñ" * 200 + ".png"])
    result = files(unpack_archive(path, tmp_path / "out"))
    assert len(result) == 5
    assert {"Cat/1.png", "cat (2)/1.png", "cat (2)/1 (2).PNG", "_con/a_b_.png"} <= result


def test_arrays_inside_an_archive_become_pictures(tmp_path):
    np = pytest.importorskip("numpy")
    buffer = io.BytesIO()
    np.savez(buffer, x=np.zeros((4, 9, 9), np.uint8), y=np.array([0, 1, 1, 0]))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("data.npz", buffer.getvalue())
    assert len(files(unpack(tmp_path / "a.zip", tmp_path / "out"))) == 4
    assert set(os.listdir(tmp_path)) == {"a.zip", "out"}


_NAMES = st.text(st.sampled_from("ab./\\:\0~ é\n"), min_size=0, max_size=14)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=120, deadline=None)
@given(names=st.lists(_NAMES.filter(bool), min_size=1, max_size=6))
def test_no_names_leave_the_folder(tmp_path_factory, names):
    tmp_path = tmp_path_factory.mktemp("names")
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as file:
        for name in names:
            info = tarfile.TarInfo(name.replace("\0", ""))
            info.size = 1
            file.addfile(info, io.BytesIO(b"x"))
    try:
        unpack_archive(tmp_path / "a.tar", tmp_path / "in" / "out")
    except ProblemError:
        assert not (tmp_path / "in").exists() or not os.listdir(tmp_path / "in")
    assert set(os.listdir(tmp_path)) <= {"a.tar", "in"}
    assert not (tmp_path / "in").exists() or set(os.listdir(tmp_path / "in")) <= {"out"}


@given(name=st.text(max_size=300))
def test_cleaned_names_are_names(name):
    cleaned = clean_name(name)
    assert cleaned
    assert len(cleaned.encode()) <= 255
    assert clean_name(cleaned) == cleaned
    assert name_problem(cleaned) == ("", (cleaned,))


@given(names=st.lists(st.text(st.sampled_from("aAéÉ.(2) "), max_size=6), max_size=20))
def test_free_names_differ_even_without_capitals(names):
    free = Names()
    given_names = [free.free("x", name).casefold() for name in names]
    assert len(set(given_names)) == len(names)


def test_a_look_through_writes_nothing(tmp_path):
    path = zipped(tmp_path / "a.zip", ["cat/1.png", "../x.png"])
    assert {problem.code for problem in look_through(path).problems} == {"escapes"}
    assert os.listdir(tmp_path) == ["a.zip"]
    assert zlib.crc32(path.read_bytes())
