"""Preferences that cannot be read are told in the window, too."""

from __future__ import annotations

from types import SimpleNamespace

from cnnstudio.app import report_damaged_settings


def test_damaged_preferences_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnstudio.core.settings.config_folder", lambda: tmp_path)
    shown = []
    window = SimpleNamespace(toasts=SimpleNamespace(show_problem=shown.append))
    report_damaged_settings(window)
    assert shown == []
    (tmp_path / "settings.json").write_bytes(b'{"language": "\xff"}')
    report_damaged_settings(window)
    assert [problem.code for problem in shown] == ["damaged_settings"]
