"""The main job in a real window under Xvfb, by real clicks, in both languages and themes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from cnnstudio.datasets.sample import write_digits

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = (("en", "light"), ("es", "dark"))
"""The language and the theme of each; all but the first nightly."""
PAGES = ("start", "data", "map", "prepare", "network", "gallery", "train", "evaluate", "predict", "export")

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wanted(request: pytest.FixtureRequest) -> list[tuple[str, str]]:
    """The windows that are driven in this run."""
    chosen = [item.callspec.params["window"] for item in request.session.items if item.path == request.path]
    return [window for window in WINDOWS if window in chosen]


@pytest.fixture(scope="module")
def screens(wanted: list[tuple[str, str]]) -> Iterator[list[str]]:
    """The displays of private X servers, one for each window: the keyboard of a display is with one window alone."""
    missing = [command for command in ("Xvfb", "xdotool") if shutil.which(command) is None]
    if missing:
        words = f"{' and '.join(missing)} is not installed: no end-to-end test in a real window"
        if os.environ.get("CNNSTUDIO_REQUIRE_SCREEN"):
            pytest.fail(words)
        pytest.skip(words)
    servers, displays = [], []
    for _window in wanted:
        reader, writer = os.pipe()
        servers.append(subprocess.Popen(["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
                                        pass_fds=(writer,), stderr=subprocess.DEVNULL))
        os.close(writer)
        with os.fdopen(reader) as told:
            displays.append(f":{told.readline().strip()}")
    yield displays
    for server in servers:
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


class Ran(NamedTuple):
    """What a driven window left."""

    code: int
    printed: str
    complaints: str
    out: Path


@pytest.fixture(scope="module")
def driven(wanted: list[tuple[str, str]], screens: list[str], pictures: Path, tmp_path_factory: pytest.TempPathFactory
           ) -> dict[tuple[str, str], Ran]:
    """Every window, driven from its start to its end, all at the same time: most of the time each waits for itself."""
    def drive(window: tuple[str, str], screen: str) -> Ran:
        home = tmp_path_factory.mktemp("home")
        folders = {f"CNNSTUDIO_{name}": str(home / name.lower()) for name in ("CACHE", "CONFIG", "LOGS", "PROJECTS")}
        out = Path(os.environ.get("CNNSTUDIO_SCREENSHOTS") or home)
        done = subprocess.run([sys.executable, "-m", "tests.e2e.drive", str(pictures), str(out), *window], cwd=ROOT,
                              env={**os.environ, **folders, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"},
                              capture_output=True, text=True, timeout=500, check=False)
        return Ran(done.returncode, done.stdout, done.stderr, out)

    with ThreadPoolExecutor(len(wanted)) as pool:
        return dict(zip(wanted, pool.map(drive, wanted, screens), strict=True))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("window", [WINDOWS[0], *(pytest.param(window, marks=pytest.mark.nightly) for window in WINDOWS[1:])],
                         ids="-".join)
def test_from_a_folder_to_an_answer(driven, window):
    ran = driven[window]
    assert ran.code == 0, ran.complaints[-4000:]
    assert "Traceback" not in ran.complaints
    seen = json.loads(ran.printed.splitlines()[-1])
    assert seen["opened"]
    assert seen["epochs"] == 2
    assert seen["runs"] == [["finished", 2]]
    assert seen["answer"] in ("0", "3", "7")
    for page in PAGES:
        assert (ran.out / f"{page}-{'-'.join(window)}.png").stat().st_size > 5000
