"""The program's log: written where the user's logs are, bounded, and silent where it cannot be written."""

from __future__ import annotations

import logging

import pytest

from cnnstudio.core import logs
from cnnstudio.core.logs import log_path, start_logging


@pytest.fixture
def logger():
    """The logger of the program without the handlers of earlier tests, and closed afterwards."""
    root = logging.getLogger("cnnstudio")
    before, root.handlers = root.handlers, []
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers = before


@pytest.mark.usefixtures("logger")
def test_what_happens_is_written_once_with_versions_first():
    start_logging("window")
    start_logging("window")
    logging.getLogger("cnnstudio.somewhere").warning("the disk is full: %s", "/a ñ")
    first, second = log_path().read_text("utf-8").splitlines()
    assert "window starts: CNN Studio" in first
    assert second.endswith("WARNING cnnstudio.somewhere: the disk is full: /a ñ")


@pytest.mark.usefixtures("logger")
def test_the_log_is_bounded(monkeypatch):
    monkeypatch.setattr(logs, "_BYTES", 2_000)
    start_logging("command")
    for number in range(500):
        logging.getLogger("cnnstudio").info("line %d", number)
    files = list(log_path().parent.iterdir())
    assert len(files) == 1 + logs._KEPT
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert log_path().read_text("utf-8").rstrip().endswith("line 499")


@pytest.mark.usefixtures("logger")
def test_without_a_place_for_it_nothing_fails(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CNNSTUDIO_LOGS", str(tmp_path / "file"))
    start_logging("window")
    logging.getLogger("cnnstudio").error("unheard")
    assert (tmp_path / "file").read_text() == "no folder"
