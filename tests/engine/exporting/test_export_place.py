"""An export over an earlier one: there is one under its name at every moment, and what kills left behind goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnstudio.core import atomic
from cnnstudio.engine.exporting import placing as export


def exported(folder: Path, content: str) -> Path:
    folder.mkdir()
    (folder / "check.json").write_text(content)
    return folder


def test_an_earlier_export_is_under_its_name_until_the_new_one_is(tmp_path, monkeypatch):
    target, new = exported(tmp_path / "bundle", "old"), exported(tmp_path / ".bundle.1.writing", "new")
    names = []
    remove = export.remove
    monkeypatch.setattr(os, "replace", lambda *_paths: pytest.fail("two steps, with a moment between them"))
    monkeypatch.setattr(export, "remove", lambda path: (names.append((target / "check.json").read_text()), remove(path)))
    if not atomic.exchange(target, target):
        pytest.skip("this system cannot exchange folders")
    export.move_into_place(new, target)
    assert names == ["new"] and [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_where_folders_cannot_be_exchanged_the_next_export_takes_the_earlier_one_back(tmp_path, monkeypatch):
    target, new = exported(tmp_path / "bundle", "old"), exported(tmp_path / f".bundle.{2**22 + 1}.writing", "new")
    monkeypatch.setattr(export, "exchange", lambda *_paths: False)
    replace = os.replace

    def killed(source, destination):
        if source == new:
            raise KeyboardInterrupt
        replace(source, destination)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export.move_into_place(new, target)
    monkeypatch.setattr(os, "replace", replace)
    assert not target.exists()
    mine = exported(tmp_path / f".bundle.{os.getppid()}.writing", "of a process that lives")
    export.clear_leftovers(target)
    assert (target / "check.json").read_text() == "old"
    assert not new.exists() and mine.exists()
