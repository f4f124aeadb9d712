"""ResNet-152 on the canvas of the real window: open, edit, undo, lay out, and repaint while moving."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.material import ROOT

TEMPLATE = os.environ.get("CNNSTUDIO_TEMPLATE", "resnet152")


def measure(work: str) -> None:
    """Medians in milliseconds, as JSON."""
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QColor, QImage, QPainter

    from cnnstudio.core.files import write_project
    from cnnstudio.core.layout import layered
    from cnnstudio.core.project import Project
    from cnnstudio.gui.pages.network.inspector import NetworkInspector
    from cnnstudio.gui.widgets.form import Form
    from tests.gui.driving import part
    from tests.gui.shots import make_application, open_window, settle

    project = Path(work) / "project"
    project.mkdir()
    write_project(project, Project(name="canvas"))
    application = make_application([])
    window = open_window(application, "en", "light", project)
    window.resize(1440, 900)
    window.go("network")
    page = window.current
    settle(application, window.session)

    def timed(action: Callable[[], object], rounds: int = 15) -> float:
        found = []
        for _ in range(rounds):
            start = time.perf_counter()
            action()
            application.processEvents()
            found.append(time.perf_counter() - start)
        return statistics.median(found) * 1e3

    start = time.perf_counter()
    page.starting.start_from_template(TEMPLATE)
    application.processEvents()
    opened = (time.perf_counter() - start) * 1e3
    network = page.session.project.network
    node = next(each.id for each in network.nodes if each.type == "Conv2D")
    page.editor.scene.choose([node])
    form = part(part(page, NetworkInspector), Form)
    filters = iter(range(64, 10_000))
    edited = timed(lambda: form.value_changed.emit("filters", next(filters)))
    page.session.seal()
    undone = timed(lambda: (page.session.undo(), page.session.redo())) / 2
    inserted = timed(lambda: page.edit_actions.insertion.insert("ReLU"))
    pairs = [(edge.source, edge.target) for edge in network.edges]
    laid = timed(lambda: layered([each.id for each in network.nodes], pairs))
    image = QImage(page.canvas.viewport().size(), QImage.Format.Format_RGB32)
    place = iter(range(10_000))

    def repaint() -> None:
        page.canvas.centerOn(QPointF(0, 40.0 * next(place)))
        image.fill(QColor("white"))
        painter = QPainter(image)
        page.canvas.render(painter)
        painter.end()

    painted = {}
    for zoom in (1.0, 0.45, 0.1):
        page.canvas.set_zoom(zoom)
        painted[f"{zoom:.0%}"] = round(timed(repaint, 40), 1)
    print(json.dumps({"layers": len(network.nodes), "open": opened, "edit": edited, "undo": undone, "insert": inserted,
                      "layout": laid, "repaint": painted}))
    page.session.save_now()
    window.close()


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="cnnstudio-canvas-") as work:
        code = f"from tests.benchmarks import canvas; canvas.measure({work!r})"
        folders = {f"CNNSTUDIO_{each}": str(Path(work) / each.lower()) for each in ("CACHE", "CONFIG", "PROJECTS")}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
                              env={**os.environ, **folders, "QT_QPA_PLATFORM": "offscreen"})
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found = json.loads(done.stdout.strip().splitlines()[-1])
    rows = [{"work": f"{TEMPLATE} ({found['layers']} layers) on the canvas: {name}", "ours": f"{found[name]:.0f} ms",
             "script": "-", "ratio": limit / found[name], "target": f"<= {limit} ms"}
            for name, limit in (("open", 1000), ("edit", 50), ("undo", 50), ("insert", 50), ("layout", 50))]
    return rows + [{"work": f"repaint while moving, at {zoom}", "ours": f"{spent} ms", "script": "-",
                    "ratio": 16.7 / spent, "target": "<= 16.7 ms"} for zoom, spent in found["repaint"].items()]


if __name__ == "__main__":
    from tests.benchmarks.material import show

    show(run())
