"""Files that others may have made: damage is named, nothing is waited for, and nothing raises anything but Problem."""

from __future__ import annotations

import os
import sys

import pytest

from cnnstudio.core import files
from cnnstudio.core.checksums import is_file_intact, is_line_intact, seal_file, seal_line
from cnnstudio.core.foreign_files import SMALL, decode_json, open_regular, read_bytes
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.settings import Settings, load_settings_with_problem
from cnnstudio.core.system_errors import reason_of

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices in the file system")

DAMAGED = {
    "no UTF-8": b'{"format": 4, "name": "\xff"}',
    "nested": b'{"format": 4, "name": ' + b"[" * 100_000,
    "nested in a parameter": b'{"format": 4, "network": {"nodes": [{"id": "a", "type": "b", "params": {"c": '
                             + b"[" * 700 + b"]" * 700 + b"}}]}}",
    "negative format": b'{"format": -4}',
    "format zero": b'{"format": 0}',
    "format true": b'{"format": true}',
    "no object": b"[]",
    "surrogate": b'{"format": 4, "name": "\\ud800"}',
    "zero in a path": b'{"format": 4, "dataset": {"source": "a\\u0000b"}}',
    "no number": b'{"format": 4, "dataset": {"splits": {"validation": NaN}}}',
    "endless number": b'{"format": 4, "training": {"seed": 1' + b"0" * 400 + b"}}",
    "endless parameter": b'{"format": 4, "training": {"stages": [{"id": "a", "optimizer": {"type": "adam", "params": '
                         b'{"learning_rate": 1' + b"0" * 400 + b"}}}]}}",
    "old and strange": b'{"format": 1, "training": [], "network": 3}',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_project_is_a_problem(tmp_path, name):
    (tmp_path / files.PROJECT_FILE).write_bytes(DAMAGED[name])
    with pytest.raises(ProblemError) as raised:
        files.read_project(tmp_path)
    assert raised.value.problems[0].code == "damaged_project"
    (tmp_path / files.AUTOSAVE_FILE).write_bytes(DAMAGED[name])
    assert files.read_autosave(tmp_path) is None


@posix
def test_pipes_and_devices_are_neither_opened_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / files.PROJECT_FILE)
    with pytest.raises(ProblemError) as raised:
        files.read_project(tmp_path)
    assert "a pipe or a device" in raised.value.problems[0].text.en
    with pytest.raises(OSError, match="device"):
        open_regular("/dev/zero")


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    with (tmp_path / "settings.json").open("wb") as file:
        file.truncate(SMALL + 1)
    with pytest.raises(OSError, match="larger than 1 MB") as raised:
        read_bytes(tmp_path / "settings.json", SMALL)
    assert reason_of(raised.value).es.startswith("ocupa más de 1 MB")


@pytest.mark.parametrize("data", [b'{"language": "\xff"}', b"[" * 100_000, b"{", b"[]", b"\xff\xfe"])
def test_broken_settings_give_the_defaults_and_a_problem(tmp_path, monkeypatch, data):
    monkeypatch.setattr("cnnstudio.core.settings.config_folder", lambda: tmp_path)
    assert load_settings_with_problem() == (Settings(), None)
    (tmp_path / "settings.json").write_bytes(data)
    settings, problem = load_settings_with_problem()
    assert settings == Settings()
    assert problem is not None and problem.code == "damaged_settings"


def test_every_flip_of_a_sealed_line_is_noticed_or_changes_nothing():
    line = seal_line(b'{"path":"a/b.png","label":3,"split":"train","size":17}')
    content = decode_json(line)
    assert is_line_intact(line)
    for place in range(len(line)):
        for bit in (1, 4, 64, 128):
            flipped = line[:place] + bytes((line[place] ^ bit,)) + line[place + 1:]
            if is_line_intact(flipped):
                try:
                    changed = decode_json(flipped)
                except ValueError:
                    continue
                assert {name: changed[name] for name in ("path", "label", "split", "size")} == {
                    name: content[name] for name in ("path", "label", "split", "size")}


def test_every_flip_of_a_frozen_project_is_noticed_or_changes_nothing(tmp_path):
    project = Project(name="p")
    data = files.encode_frozen(project)
    assert is_file_intact(data) and files.decode_project(data, tmp_path) == project
    assert seal_file(files.encode_project(project)) == data
    noticed = 0
    for place in range(0, len(data), 3):
        flipped = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1:]
        try:
            assert files.decode_project(flipped, tmp_path) == project
        except ProblemError:
            noticed += 1
    assert noticed > len(data) // 3 - 20
