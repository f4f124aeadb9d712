"""The window's waits: a button pressed until the first batch, the evaluation of 60 photos, the answer about a photo.

With the spare child that has Keras imported ("warm"), as soon as a user has looked at a page for some seconds, and without.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.material import ROOT, pictures, where_from

_CODE = """
import json, os, sys, time
from pathlib import Path
from PySide6.QtCore import QEventLoop
from cnnstudio.app import make_application
from cnnstudio.core.events import Batch, Epoch
from cnnstudio.core.settings import Settings
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.window.main_window import MainWindow

project, picture, warm = sys.argv[1], sys.argv[2], sys.argv[3] == "warm"
application = make_application([])
workspace = Workspace(Settings())
session = workspace.session
window = MainWindow(workspace)
window.show()


def turn(true, limit=120.0):
    begin = time.perf_counter()
    while not true():
        if time.perf_counter() - begin > limit:
            # Threads of the window would keep the process.
            print("nothing happened", file=sys.stderr, flush=True)
            os._exit(1)
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
        time.sleep(0.001)
    return time.perf_counter() - begin


def pause(seconds):
    end = time.perf_counter() + seconds
    turn(lambda: time.perf_counter() > end)


def ready(page):
    window.go(page)
    pause(14.0 if warm else 1.0)


def run_of(kind):
    return next((job for job in session.jobs if job.kind == kind), None)


if warm:
    workspace.warm_up.enable()
window.perform(OpenProject(project))
turn(lambda: session.is_open and not len(session.jobs))
seconds = {}
batches, heard = [], set()


def listen():
    job = run_of("train")
    if job is not None and id(job) not in heard:
        heard.add(id(job))
        job.event.connect(lambda event: batches.append(event) if isinstance(event, (Batch, Epoch)) else None)


session.jobs.changed.connect(listen)
ready("train")
window.current.start()
seconds["batch"] = turn(lambda: batches)
turn(lambda: run_of("train") is None and run_of("prepare_run") is None)
ready("evaluate")
window.current.start()
turn(lambda: run_of("evaluate") is not None)
seconds["evaluate"] = turn(lambda: run_of("evaluate") is None and window.current._evaluation is not None)
ready("predict")
answers = []
window.current.server.predicted.connect(answers.append)
window.current.take_paths([picture])
seconds["predict"] = turn(lambda: answers)
print(json.dumps(seconds))
window.close()
workspace.end()
"""


def _measure(folder: str, warm: bool, rounds: int) -> dict[str, float]:
    data = Path(folder) / "data"
    if not data.exists():
        for split, count in (("train", 240), ("test", 60)):
            pictures(data / split, f"cats_dogs/{split}", count, 224)
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
                   "CNNSTUDIO_CACHE": folder + "/cache", "CNNSTUDIO_CONFIG": folder + "/config",
                   "TF_CPP_MIN_LOG_LEVEL": "3"}
    picture = next(path for path in sorted((data / "test").rglob("*.jpg")))
    found: list[dict[str, float]] = []
    for number in range(rounds):
        project = f"{folder}/project-{warm}-{number}"
        subprocess.run([sys.executable, "-m", "cnnstudio", "new", project, "--data", str(data), "--base",
                        "efficientnet_lite0", "--set", "training.epochs=2"], cwd=ROOT, env=environment, check=True,
                       capture_output=True)
        done = subprocess.run([sys.executable, "-c", _CODE, project, str(picture), "warm" if warm else "cold"], cwd=ROOT,
                              env=environment, capture_output=True, text=True, timeout=400, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {name: statistics.median(each[name] for each in found) for name in found[0]}


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Three rows: seconds warm, beside seconds without the spare child."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = _measure(folder, False, rounds), _measure(folder, True, rounds)
    rows = (("batch", "Start training pressed until the first batch", 3.0),
            ("evaluate", "Evaluate pressed until 60 photos are shown", 2.0),
            ("predict", "a photo dropped until its answer, model just loaded", 1.0))
    return [{"work": f"{words} (EfficientNet-Lite0, {where_from()})", "ours": f"{warm[name]:.1f} s",
             "script": f"{cold[name]:.1f} s without a warm child", "ratio": cold[name] / warm[name],
             "target": f"<= {target:.0f} s"} for name, words, target in rows]


if __name__ == "__main__":
    for line in run(1):
        print(line)
