"""A program that changes a project is killed at random moments: what it acknowledged is there, and nothing is half done."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from cnnstudio.core.files import read_project
from cnnstudio.core.lock import ProjectLock
from cnnstudio.datasets.index import open_index

_PROGRAM = """
import sys
from pathlib import Path
from cnnstudio.core.edits import set_field
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.lock import ProjectLock
from cnnstudio.datasets.index import open_index
folder, number = Path(sys.argv[1]), int(sys.argv[2])
lock = ProjectLock(folder)
assert lock.acquire() is None
index = open_index(folder)
ids = list(index.ids())
while True:
    number += 1
    write_project(folder, set_field(read_project(folder), "training", "seed", number))
    with index.transaction(durable=True):
        index.relabel(ids[:2], f"c{number}")
    print(number, flush=True)
"""


def sweep_kills(folder: Path, number: int, seed: int = 0) -> Counter[str]:
    """The outcomes of that many kills, each some hundredths of a second after the first acknowledgement."""
    chance, outcomes, last = random.Random(seed), Counter[str](), 0
    for _ in range(number):
        child = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(folder), str(last)], stdout=subprocess.PIPE, text=True,
                                 env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline())]
        try:
            child.wait(chance.uniform(0, 0.2))
        except subprocess.TimeoutExpired:
            child.kill()
        acknowledged += [int(line) for line in child.stdout.read().splitlines() if line]
        child.wait()
        outcomes[_outcome(folder, acknowledged[-1])] += 1
        last = acknowledged[-1] + 1
    return outcomes


def _outcome(folder: Path, acknowledged: int) -> str:
    lock = ProjectLock(folder)
    assert lock.acquire() is None
    lock.release()
    index = open_index(folder)
    seed = read_project(folder).training.seed
    classes = {item.class_name for item in index.pictures(list(index.ids())[:2])}
    index.close()
    if seed not in (acknowledged, acknowledged + 1) or not classes <= {f"c{acknowledged}", f"c{acknowledged + 1}"}:
        return "lost"
    left = [path for path in folder.iterdir() if ".tmp" in path.name]
    return "half" if len(classes) > 1 or left else "right"
