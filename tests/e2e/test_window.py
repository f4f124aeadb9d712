"""The main job in a real window under Xvfb, by real clicks, in both languages and themes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnstudio.datasets.sample import write_digits

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("start", "data", "map", "prepare", "network", "gallery", "train", "evaluate", "predict", "export")

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """The display of a private X server."""
    missing = [each for each in ("Xvfb", "xdotool") if shutil.which(each) is None]
    if missing:
        words = f"{' and '.join(missing)} is not installed: no end-to-end test in a real window"
        if os.environ.get("CNNSTUDIO_REQUIRE_SCREEN"):
            pytest.fail(words)
        pytest.skip(words)
    reader, writer = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
                              pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty digits of each of three classes."""
    whole = write_digits(tmp_path_factory.mktemp("digits"))
    few = tmp_path_factory.mktemp("pictures") / "three digits ñ"
    for digit in "037":
        (few / digit).mkdir(parents=True)
        for file in sorted((whole / digit).iterdir())[:40]:
            shutil.copy(file, few / digit)
    return few


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("es", "dark")])
def test_from_a_folder_to_an_answer(screen, pictures, tmp_path, language, theme):
    environment = {**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"}
    out = Path(os.environ.get("CNNSTUDIO_SCREENSHOTS") or tmp_path)
    done = subprocess.run([sys.executable, "-m", "tests.e2e.drive", str(pictures), str(out), language, theme], cwd=ROOT,
                          env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["opened"]
    assert seen["epochs"] == 2
    assert seen["runs"] == [["finished", 2]]
    assert seen["answer"] in ("0", "3", "7")
    for page in PAGES:
        assert (out / f"{page}-{language}-{theme}.png").stat().st_size > 5000
