"""Asking where to save a file."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.gui.pages.file_dialogs import ask_save_path


def test_what_a_class_is_called_never_names_a_folder(tmp_path, monkeypatch):
    offered = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda _parent, _title, path, _kinds: (offered.append(path) or "", ""))
    session = SimpleNamespace(recall=lambda _name, default: default, folder=tmp_path)
    assert ask_save_path(session, QWidget(), "", "mean cat/dog\nñ gradcam.png", "") is None
    assert Path(offered[0]) == tmp_path / "mean cat_dog_ñ gradcam.png"
