"""An index of a million real pictures, made by the program's own scan: opening, filters, orders, splits, audit, memory.

Every file has pixels of its own. CNNSTUDIO_MILLION_ROWS makes fewer, CNNSTUDIO_MILLION_FOLDER keeps the pictures and the
project for the next time (some 5 GB for a million). The audit is killed with SIGKILL at a third and begun again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE, write_project
from cnnstudio.core.project import Project
from cnnstudio.datasets.index import FILE, Filter, Index, open_index
from tests.benchmarks.material import ROOT

ROWS: Final = int(os.environ.get("CNNSTUDIO_MILLION_ROWS", "1000000"))
CLASSES: Final = max(10, ROWS // 1000)
_SIDE: Final = 32
_ROUNDS: Final = 5
FILTERS: Final[dict[str, Filter]] = {
    "all": Filter(),
    "a class": Filter(classes=("class0005",)),
    "ten classes": Filter(classes=tuple(f"class{number:04}" for number in range(10))),
    "test pictures": Filter(splits=("test",)),
    "training pictures": Filter(splits=("train",)),
    "training pictures of a class": Filter(classes=("class0005",), splits=("train",)),
    "a text in a few names": Filter(text="0005/00077"),
    "a text in many names": Filter(text="7"),
    "a folder": Filter(folder="class0005"),
    "excluded": Filter(excluded="only"),
    "unreadable": Filter(problem="any"),
    "small files": Filter(bytes=(None, 1000.0)),
    "long side": Filter(side=(33.0, None)),
    "dark": Filter(brightness=(None, 60.0)),
    "sharp": Filter(sharpness=(0.5, None)),
    "findings": Filter(findings=("any",)),
    "near duplicates": Filter(findings=("near_duplicate",)),
}
ORDERS: Final = ("path", "size", "date", "class", "pixels", "blur", "brightness", "random")


def memory(kind: str = "VmRSS") -> float:
    """Memory of this process in megabytes: resident ("VmRSS"), or its peak ("VmHWM")."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith(kind)).split()[1]) / 1024


def make_class(folder: str, number: int, count: int) -> None:
    """`count` pictures of one class: soft random colours with noise, no two alike."""
    cv2.setNumThreads(1)
    place = Path(folder) / f"class{number:04}"
    place.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(number)
    soft = np.clip(random.normal(0, 50, (count, 5, 5, 3)) + random.integers(40, 216, 3), 0, 255).astype(np.float32)
    noise = random.normal(0, 6, (64, _SIDE, _SIDE, 3)).astype(np.float32)
    for each in range(count):
        pixels = cv2.resize(soft[each], (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC) + noise[each % 64]
        data = cv2.imencode(".jpg", np.clip(pixels, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        (place / f"{each:05}.jpg").write_bytes(data.tobytes())


def make_pictures(root: Path, rows: int) -> None:
    """The files, in as many processes as there are cores."""
    with ProcessPoolExecutor() as pool:
        waiting = [pool.submit(make_class, str(root), number, rows // CLASSES) for number in range(CLASSES)]
        for each in waiting:
            each.result()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and those of this process's processor time: the machine is shared."""
    wall, load = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - load


def scan(project: Path, root: Path) -> dict[str, Any]:
    """List and inspect everything as the program does; seconds of each, and of listing again."""
    from cnnstudio.datasets.refresh import inspect_pictures, scan_folder

    project.mkdir(parents=True)
    spec = DatasetSpec(source=str(root))
    write_project(project, Project(name="million", dataset=spec))
    index = open_index(project)
    found = {"list": timed(lambda: scan_folder(index, root, spec)), "inspect": timed(lambda: inspect_pictures(index, root)),
             "list again": timed(lambda: scan_folder(index, root, spec)), "peak": memory("VmHWM")}
    index.close()
    return found


def query(project: Path) -> dict[str, dict[str, Any]]:
    """Milliseconds (see `_best`) of counts, filters and orders, each with what it found."""
    from cnnstudio.gui.state.counts import count_pictures

    index = open_index(project)
    found: dict[str, dict[str, Any]] = {"counts": {}, "filters": {}, "orders": {}, "rows": {}}
    found["counts"]["all"] = _best(lambda: count_pictures(index, DatasetSpec()))
    for name, wanted in FILTERS.items():
        found["filters"][name] = _best(lambda wanted=wanted: index.ids(wanted))
        found["rows"][name] = len(index.ids(wanted))
    for order in ORDERS:
        found["orders"][order] = _best(lambda order=order: index.ids(Filter(), order))
    index.close()
    return found


def divide(project: Path) -> dict[str, Any]:
    """Seconds to divide everything again by another seed, to pin a picture, and to relabel a class."""
    from msgspec.structs import replace

    from cnnstudio.core.dataset import SplitSpec

    index = open_index(project)
    spec = DatasetSpec()
    other = replace(spec, splits=SplitSpec(seed=7))
    ids = index.ids(FILTERS["a class"])
    effect = None

    def relabel() -> None:
        nonlocal effect
        effect = index.relabel(ids, "renamed")

    found = {"divide": timed(lambda: index.apply(other)), "divide back": timed(lambda: index.apply(spec)),
             "exclude one": timed(lambda: index.exclude(ids[:1], True)), "relabel a class": timed(relabel),
             "undo": timed(lambda: effect.undo() if effect is not None else None),
             "pin one": timed(lambda: index.assign_split(ids[:1], "test"))}
    index.exclude(ids[:1], False)
    index.assign_split(ids[:1], None)
    index.close()
    return found


def _best(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of the quickest of some rounds, and the least of this process's processor time: the machine is shared."""
    work()
    walls, loads = zip(*(timed(work) for _ in range(_ROUNDS)), strict=True)
    return min(walls) * 1000, min(loads) * 1000


def audit(project: Path) -> dict[str, Any]:
    """Audit from the command line; killed at a third, begun again, and once more when nothing is left to do."""
    command = [sys.executable, "-m", "cnnstudio", "audit", str(project), "--only",
               "near_duplicate,exact_duplicate,blurry,dark,bright,low_contrast,low_information,odd_size"]
    index = open_index(project)
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while _measured(index) < ROWS // 3:
        time.sleep(0.2)
        if process.poll() is not None:
            raise RuntimeError("the audit ended before it could be killed")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    first, kept = time.perf_counter() - started, _measured(index)
    # None of these pictures has a time of its own: what is marked here would lose the mark if it were measured again.
    with index.transaction() as connection:
        connection.execute("UPDATE measures SET taken = 'kept'")
    again = timed(lambda: subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True))
    same = index.rows("SELECT COUNT(*) FROM measures WHERE taken = 'kept'")[0][0] == kept
    with index.transaction() as connection:
        connection.execute("UPDATE measures SET taken = NULL")
    third = timed(lambda: subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True))
    complete = _measured(index) == index.count()
    index.close()
    return {"first": first, "kept": kept, "rest": again, "kept rows untouched": same, "complete": complete, "third": third}


def _measured(index: Index) -> int:
    return int(index.rows("SELECT COUNT(*) FROM measures")[0][0])


WINDOW: Final = """
import json, sys, time
from cnnstudio.app import open_window
application, window = open_window()
from PySide6.QtCore import QTimer
from cnnstudio.gui.state.commands import OpenProject
from tests.benchmarks.million import memory
begun, project, started = {}, sys.argv[1], float(sys.argv[2])
def since():
    return time.time() - started, time.process_time()
def shown():
    grid = window.current.views.grid if window.current is not None and window.current.id == "data" else None
    return grid is not None and len(grid.ids) > 0 and grid.isVisible()
def wait(condition, limit=600):
    end = time.time() + limit
    longest = 0.0
    while not condition() and time.time() < end:
        before = time.perf_counter()
        application.processEvents()
        longest = max(longest, time.perf_counter() - before)
        time.sleep(0.002)
    return longest
application.processEvents()
begun["empty window"] = since()
begun["memory empty"] = memory()
before, load = time.perf_counter(), time.process_time()
window.perform(OpenProject(project))
begun["open call"] = time.perf_counter() - before, time.process_time() - load
window.go("data")
begun["gap until rows"] = wait(shown)
window.current.views.grid.viewport().repaint()
begun["rows shown"] = since()
begun["gap while scanning"] = wait(lambda: window.workspace.scanner.running is None)
begun["scanned"] = since()
wait(lambda: len(window.session.jobs) == 0)
begun["memory"] = memory()
grid = window.current.views.grid
begun["rows"] = len(grid.ids)
for name, value in (("classes", ("class0005",)), ("classes", ()), ("splits", ("test",)), ("splits", ()),
                    ("text", "00077"), ("text", "")):
    marks = len(grid.ids)
    before, load = time.perf_counter(), time.process_time()
    window.current._set_filter(name, value)
    wait(lambda: window.session.jobs.of_kind("query") is None and len(grid.ids) != marks, 20)
    grid.viewport().repaint()
    begun[f"filter {name} {value!r}"] = time.perf_counter() - before, time.process_time() - load
begun["peak"] = memory("VmHWM")
print(json.dumps(begun))
window.close()
"""


def window(project: Path) -> dict[str, Any]:
    """A cold process with the project: seconds since its start, and memory."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "CNNSTUDIO_CACHE": home + "/cache", "CNNSTUDIO_CONFIG": home + "/config",
                       "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        done = subprocess.run([sys.executable, "-c", WINDOW, str(project), repr(time.time())], cwd=ROOT, env=environment,
                              capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def prepared(work: Path) -> tuple[Path, Path]:
    """(project, folder of the pictures); the pictures are made where they are not yet there."""
    root, project = work / "pictures", work / "project"
    if not root.exists():
        make_pictures(root, ROWS)
    if not (project / PROJECT_FILE).exists() or not (project / FILE).exists():
        print(json.dumps({"scan": _apart("scan", project, root)}), file=sys.stderr)
    return project, root


def _apart(name: str, *arguments: object) -> Any:
    """A measurement in a process of its own, so that memory is its own."""
    code = (f"import json; from pathlib import Path; from tests.benchmarks import million;"
            f"print(json.dumps(million.{name}(*map(Path, {[str(item) for item in arguments]!r}))))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def run() -> list[dict[str, Any]]:
    """Rows for what the project promises of a million pictures; processor time, as the machine is shared."""
    folder = os.environ.get("CNNSTUDIO_MILLION_FOLDER")
    with tempfile.TemporaryDirectory() as temporary:
        project, root = prepared(Path(folder or temporary))
        asked, shown = _apart("query", project), window(project)
        divided, audited = _apart("divide", project), _apart("audit", project)
    del root
    slowest = max(asked["filters"], key=lambda name: asked["filters"][name][1])
    opened = shown["rows shown"]
    return [
        _row(f"{ROWS:,} pictures: a cold process until the window shows them", f"{opened[1]:.1f} s", "2 s", opened[1] / 2),
        _row("the same: the slowest filter (" + slowest + ")", f"{asked['filters'][slowest][1]:.0f} ms", "100 ms",
             asked["filters"][slowest][1] / 100),
        _row("the same: memory above the empty window", f"{shown['memory'] - shown['memory empty']:.0f} MB", "300 MB",
             (shown["memory"] - shown["memory empty"]) / 300),
        _row("the same: divided anew", f"{divided['divide'][1]:.1f} s", "-", 0.0),
        _row(f"the same: an audit, killed after {audited['kept']:,} pictures and begun again",
             "goes on from there" if audited["kept rows untouched"] and audited["complete"] else "measures again", "-", 0.0)]


def _row(work: str, ours: str, limit: str, ratio: float) -> dict[str, Any]:
    return {"work": work, "ours": ours, "script": limit, "ratio": ratio, "target": "<= 1" if ratio else "-"}


if __name__ == "__main__":
    for line in run():
        print(line)
