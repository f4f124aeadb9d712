"""The main job and the first lesson in a real window under Xvfb, by keyboard alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnstudio.datasets.sample import write_digits

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]


@pytest.mark.timeout(900)
def test_from_a_folder_to_an_export_and_through_lesson_1_without_a_mouse(tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None or shutil.which("xdotool") is None:
        (pytest.fail if os.environ.get("CNNSTUDIO_REQUIRE_SCREEN") else pytest.skip)("Xvfb and xdotool are not installed")
    whole, pictures = write_digits(tmp_path / "digits"), tmp_path / "pictures"
    for digit in "037":
        (pictures / digit).mkdir(parents=True)
        for file in sorted((whole / digit).iterdir())[:40]:
            shutil.copy(file, pictures / digit)
    reader, writer = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
                              pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as told:
            screen = f":{told.readline().strip()}"
        folders = {f"CNNSTUDIO_{name}": str(tmp_path / name.lower()) for name in ("CACHE", "CONFIG", "LOGS", "PROJECTS")}
        done = subprocess.run([sys.executable, "-m", "tests.e2e.keyboard", str(pictures), str(tmp_path)], cwd=ROOT,
                              env={**os.environ, **folders, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"},
                              capture_output=True, text=True, timeout=800, check=False)
    finally:
        server.terminate()
        server.wait(10)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "runs": [["finished", 2]], "tasks": ["dense-count", "fewer-parameters", "first-training"]}
