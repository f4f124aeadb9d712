"""Window: a cold process to the first paint, ours against a bare PySide6 window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Any

ROUNDS = 7

# Both end at the first paint of their window; the clock starts before the process is created.
_BARE = """
from PySide6.QtCore import QObject, QEvent
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
application = QApplication([])
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        import os
        os.write(1, b"painted")
        os._exit(0)
window = Window()
window.setCentralWidget(QLabel("CNN Studio"))
window.resize(1440, 900)
window.show()
application.exec()
"""
_OURS = """
from cnnstudio.app import open_window
application, window = open_window()
from PySide6.QtCore import QEvent, QObject
class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            import os
            watched.removeEventFilter(self)
            watched.repaint()
            os.write(1, b"painted")
            os._exit(0)
        return False
painted = Painted()
window.status.installEventFilter(painted)
application.exec()
"""


def _seconds(code: str) -> float:
    # An installed program has its bytecode; without it Python would compile our sources at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=120, check=True)
    seconds = time.perf_counter() - start
    if done.stdout != b"painted":
        raise RuntimeError(done.stderr.decode())
    return seconds


def run() -> list[dict[str, Any]]:
    """One row: seconds to the first paint; the target is at most twice the bare window."""
    for code in (_BARE, _OURS):
        _seconds(code)
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(_seconds(_BARE))
        ours.append(_seconds(_OURS))
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    return [{"work": "window: cold process to first paint", "ours": f"{statistics.median(ours):.2f} s",
             "script": f"{statistics.median(bare):.2f} s (bare PySide6 window)", "ratio": ratio,
             "target": "<= 2"}]


if __name__ == "__main__":
    for line in run():
        print(line)
