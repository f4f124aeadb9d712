"""The installed program that CNNSTUDIO_INSTALLED names does the main job; the packages are tested with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = os.environ.get("CNNSTUDIO_INSTALLED", "")
pytestmark = [
    pytest.mark.e2e, pytest.mark.nightly, pytest.mark.timeout(2400),
    pytest.mark.skipif(not PROGRAM, reason="CNNSTUDIO_INSTALLED names no installed program"),
    pytest.mark.skipif(shutil.which("xvfb-run") is None or shutil.which("dbus-run-session") is None,
                       reason="xvfb-run and dbus-run-session are needed")]


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_installed_program_does_the_main_job(language, tmp_path):
    pytest.importorskip("jeepney")
    more = [] if language == "en" else ["--only", "window"]
    done = subprocess.run([sys.executable, "-m", "tests.e2e.installed", PROGRAM, "--language", language, "--shots", tmp_path,
                           *more], cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "answer: 7 " in done.stdout
