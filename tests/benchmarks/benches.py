"""The benches of the Learn page: the time of a frame while the window slides, and of a new layer after a change."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any, Final

from tests.benchmarks.material import ROOT

FRAMES: Final = 300
_SETTINGS: Final = {
    "digit, 3 by 3": ("convolution", {"position": 0}),
    "64 by 64 in colour, 5 by 5, 3 filters": ("convolution", {
        "source": {"kind": "sample", "sample": "landscape", "side": 64, "channels": 3}, "size": 5, "padding": "same",
        "filters": [{"preset": "edges"}, {"preset": "blur"}, {"preset": "emboss"}], "position": 0}),
    "128 by 128 in colour, 11 by 11": ("convolution", {
        "source": {"kind": "sample", "sample": "landscape", "side": 128, "channels": 3}, "size": 11, "position": 0}),
    "pooling of a digit": ("pooling", {"position": 0}),
    "activation": ("activation", {"function": "gelu", "position": 0}),
}


def measure() -> None:
    """Slide in a real window; prints seconds by name as JSON."""
    from cnnstudio.gui.state.commands import ShowBench
    from tests.gui.shots import make_application, open_window, settle

    application = make_application([])
    window = open_window(application)
    measured = {}
    for name, (bench, settings) in _SETTINGS.items():
        window.perform(ShowBench(bench, settings))
        settle(application, window.session, 0.5)
        view = window.current.frame.view
        board, count, times = view.board, view.board.playback.count, []
        for frame in range(FRAMES):
            start = time.perf_counter()
            board.playback.moved.emit(frame * 7 % count)
            # What has to be painted again, is.
            application.processEvents()
            times.append(time.perf_counter() - start)
        start = time.perf_counter()
        view.restore(view.settings())
        measured[name] = (statistics.median(times), sorted(times)[int(FRAMES * 0.95)], time.perf_counter() - start)
    print(json.dumps(measured))
    window.close()


def run() -> list[dict[str, Any]]:
    """A row for each bench: a frame has 16.7 ms."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    done = subprocess.run([sys.executable, "-c", "from tests.benchmarks import benches; benches.measure()"], cwd=ROOT,
                          env=environment, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    measured = json.loads(done.stdout.strip().splitlines()[-1])
    return [{"work": f"{name}: a frame while sliding, median (95th percentile); a new layer {new * 1000:.0f} ms",
             "ours": f"{median * 1000:.1f} ms ({late * 1000:.1f} ms)", "script": "16.7 ms (60 frames/s)", "ratio": median * 60,
             "target": "<= 1"} for name, (median, late, new) in measured.items()]


if __name__ == "__main__":
    for row in run():
        print(f"{row['ours']:>24}  {row['ratio']:.2f}  {row['work']}")
