"""A collection of a million files in the real window: memory, and the time of a repaint while scrolling.

The files are hard links to a few hundred pictures, really scanned. CNNSTUDIO_GRID_ROWS makes fewer.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cnnstudio.gui.state.commands import OpenProject
from tests.benchmarks.material import ROOT, pictures

ROWS = int(os.environ.get("CNNSTUDIO_GRID_ROWS", "1000000"))
_FOLDERS = 100


def memory() -> float:
    """Resident memory of this process in megabytes."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def links(folder: Path, count: int) -> None:
    """`count` hard links in class folders."""
    originals = pictures(folder / "originals", "cats_dogs", 300, 224)
    for number in range(count):
        place = folder / "links" / f"class{number * _FOLDERS // count:03d}" / f"{number:07d}.jpg"
        if number % (count // _FOLDERS) == 0:
            place.parent.mkdir(parents=True, exist_ok=True)
        os.link(originals[number % len(originals)], place)


def measure(work: str) -> None:
    """Open the collection in a window; prints what was measured as JSON."""
    from cnnstudio.core.dataset import DatasetSpec
    from cnnstudio.core.files import write_project
    from cnnstudio.core.project import Project
    from cnnstudio.datasets.index import Index
    from cnnstudio.datasets.refresh import scan_folder
    from tests.gui.shots import make_application, open_window, settle

    root, project = Path(work) / "links", Path(work) / "project"
    project.mkdir()
    write_project(project, Project(name="million", dataset=DatasetSpec(source=str(root))))
    index = Index(project / "dataset.sqlite")
    start = time.perf_counter()
    scan_folder(index, root, DatasetSpec())
    scanned = time.perf_counter() - start
    # Looking into a million files is another work: here they count as looked at.
    with index.transaction() as connection:
        connection.execute("UPDATE pictures SET inspected = 1")
    index.close()
    application = make_application([])
    window = open_window(application)
    settle(application, window.session, 1)
    empty = memory()
    window.perform(OpenProject(str(project)))
    window.go("data")
    grid = window.current.views.grid
    deadline = time.perf_counter() + 120
    while (len(grid.ids) < ROWS or window.workspace.scanner.running) and time.perf_counter() < deadline:
        application.processEvents()
        time.sleep(0.002)
    bar, times, place = grid.verticalScrollBar(), [], 0
    for step in range(600):
        place = (place + (240 if step % 50 else bar.maximum() // 7)) % max(1, bar.maximum())
        bar.setValue(place)
        start = time.perf_counter()
        grid.viewport().repaint()
        times.append(time.perf_counter() - start)
        while time.perf_counter() - start < 1 / 60:
            application.processEvents()
    print(json.dumps({"rows": len(grid.ids), "scanned": scanned, "more": memory() - empty,
                      "median": statistics.median(times), "late": sorted(times)[int(len(times) * 0.95)]}))
    window.close()


def run() -> list[dict[str, Any]]:
    """Two rows: memory above the empty window, and the repaint while thumbnails are decoded beside it."""
    with tempfile.TemporaryDirectory() as work:
        links(Path(work), ROWS)
        environment = {**os.environ, "CNNSTUDIO_CACHE": work + "/cache", "CNNSTUDIO_CONFIG": work + "/config",
                       "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        done = subprocess.run([sys.executable, "-c", f"from tests.benchmarks import grid; grid.measure({work!r})"],
                              cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return [
        {"work": f"grid of {found['rows']:,} pictures: memory above the empty window", "ours": f"{found['more']:.0f} MB",
         "script": "300 MB", "ratio": found["more"] / 300, "target": "<= 1"},
        {"work": "the same: a repaint while scrolling and decoding, median (95th percentile)",
         "ours": f"{found['median'] * 1000:.1f} ms ({found['late'] * 1000:.0f} ms)", "script": "16.7 ms",
         "ratio": found["median"] * 60, "target": "<= 1"},
    ]


if __name__ == "__main__":
    print(run())
