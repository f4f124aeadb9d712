"""A search whose parent is killed at random moments goes on without losing a finished trial.

`python -m tests.sweeps.search_kills PROJECT [KILLS]` begins a search of its own on a project of digits with real children,
kills it that often, in every second case with its children, and prints what became of it.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.origin import read_origin
from cnnstudio.workers.search.folder import SearchFolder, find_search
from cnnstudio.workers.search.reading import read_search

VARIED = ("training.optimizer.learning_rate=1e-4:1e-1:log", "training.batch_size=16:128:log", "network.conv.filters=4:16:4")


class Killed(NamedTuple):
    """What became of a search: `told` trials were reported as over before some kill, `lost` of them are not there any more or
    have other values, `twice` were reported twice; `faults` are words on anything else that is not right."""

    kills: int
    sessions: int
    trials: int
    states: dict[str, int]
    told: int
    lost: int
    twice: int
    faults: list[str]
    seconds: float

    @property
    def right(self) -> bool:
        return not (self.lost or self.twice or self.faults)


def sweep_search_kills(command: Sequence[str], search: SearchFolder, kills: int, *, earliest: float, latest: float,
                       seed: int = 0) -> Killed:
    """Run `command`, a session of the search, and kill it that often, `earliest` to `latest` seconds after its first line;
    then let it end."""
    chance, told, twice, faults, sessions = random.Random(seed), dict[int, Any](), 0, list[str](), 0
    begin = time.monotonic()
    for number in range(kills + 1):
        sessions += 1
        lines, code = _session(command, chance.uniform(earliest, latest) if number < kills else None, bool(number % 2))
        for line in lines:
            if line.get("event") == "trial":
                twice += line["trial"] in told
                told[line["trial"]] = line
        over = any(line.get("event") == "finished" for line in lines)
        if number < kills and code not in (0, -signal.SIGKILL):
            faults.append(f"session {number + 1} ended with {code}")
        if over:
            break
    found = read_search(search)
    lost = 0
    for number, line in told.items():
        trial = found.trial(number - 1)
        values = [] if trial is None else list(trial.values)
        lost += trial is None or trial.state != line["state"] or values != list(line["values"].values()) or (
            list(trial.runs) != line["runs"])
    faults += _faults(search)
    states: dict[str, int] = {}
    for trial in found.trials:
        states[trial.state] = states.get(trial.state, 0) + 1
    return Killed(sessions - 1, sessions, len(found.trials), states, len(told), lost, twice, faults, time.monotonic() - begin)


def _session(command: Sequence[str], seconds: float | None, with_children: bool) -> tuple[list[dict[str, Any]], int]:
    """The lines of one session, and its exit code; it is killed so many seconds after its first line."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    first = process.stdout.readline()
    if seconds is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        # A session in a session of its own, as all children are.
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.kill()
        for child in children if with_children else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    rest, error = process.communicate()
    lines = []
    for line in [first, *rest.splitlines()]:
        with contextlib.suppress(ValueError):
            lines.append(json.loads(line))
    if process.returncode not in (0, -signal.SIGKILL):
        print(error[-2000:], file=sys.stderr)
    return lines, process.returncode


def _faults(search: SearchFolder) -> list[str]:
    """What is wrong with a search that is over, besides lost trials."""
    found, faults = read_search(search), []
    spec = search.spec()
    if found.ending != "trials" or len(found.trials) != spec.trials:
        faults.append(f"ended by {found.ending} with {len(found.trials)} trials")
    if {trial.state for trial in found.trials} & {"running", "waiting"}:
        faults.append("a trial is not over")
    with contextlib.closing(sqlite3.connect(search.study_path)) as connection:
        answer = connection.execute("PRAGMA integrity_check").fetchone()
        if answer != ("ok",):
            faults.append(f"the study: {answer}")
    named = [run for trial in found.trials for run in trial.runs]
    there = [path.name for path in (search.project_folder / "runs").iterdir() if read_origin(path).search == search.id]
    if sorted(named) != sorted(there):
        faults.append(f"runs {sorted(set(named) ^ set(there))} are not those of the trials")
    for trial in found.trials:
        for run in trial.runs:
            state = RunFolder(search.project_folder / "runs" / run).state()
            if state not in {"complete": ("finished",), "pruned": ("stopped",), "failed": ("failed",)}[trial.state]:
                faults.append(f"trial {trial.number} is {trial.state}, its run {state}")
    return faults


def main(project: Path, kills: int) -> int:
    """A search with real children on a project."""
    program = [sys.executable, "-m", "cnnstudio", "search", str(project)]
    first = [*program, "--json", "--trials", "16", "--parallel", "2", "--set", "training.epochs=4"]
    for varied in VARIED:
        first += ["--vary", varied]
    # Begun by a session that is killed at once: the study is made under fire, too.
    lines, _code = _session(first, 0.0, True)
    search = find_search(project, lines[0]["search"])
    result = sweep_search_kills([*program, "--json", "--resume", search.id], search, kills, earliest=0.0, latest=12.0)
    print(result)
    return int(not result.right)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10))
