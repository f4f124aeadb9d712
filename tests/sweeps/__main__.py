"""Every sweep in large: `python -m tests.sweeps` prints a table for docs/measurements.md.

`python -m tests.sweeps corpora FOLDER` sweeps the decoder over the corpora of pictures in a folder instead, and
`python -m tests.sweeps.starts` starts and ends a thousand children. `python -m tests.sweeps.service` sends thousands of
requests, valid and not, to the HTTP service. `python -m tests.sweeps.search_kills PROJECT` kills a search with real
children.
"""

from __future__ import annotations

import errno
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.sweeps import GOOD, OUTCOMES, corpora, make_project
from tests.sweeps.command_kills import COMMANDS, EXPORT, sweep_command_kills, train
from tests.sweeps.flips import sweep_flips
from tests.sweeps.full_disks import sweep_full_disks
from tests.sweeps.hostile import sweep_hostile
from tests.sweeps.kills import sweep_kills
from tests.sweeps.writes import sweep_writes

READING = (["check", "{project}"], ["show", "{project}"], ["runs", "{project}"], ["code", "{project}"],
           ["code", "{project}", "--run", "{run}"], ["set", "{project}", "name=x"],
           ["decide", "{project}", "a/0.png", "--exclude"], ["evaluate", "{project}", "--run", "nothing"],
           ["audit", "{project}", "--only", "unreadable"], ["network", "{project}", "--from", "{project}/project.cnnstudio"])
CHANGING = (["set", "{project}", "training.batch_size=7"], ["decide", "{project}", "a/0.png", "b/1.png", "--class", "new"],
            ["decide", "{project}", "a/0.png", "--class", "new", "--split", "test", "--exclude"],
            ["network", "{project}", "--base", "mobilenet"])


def main() -> int:
    """Run all; exit code 1 if one outcome is a fault of the program."""
    started, table = time.perf_counter(), dict[str, Counter[str]]()
    with tempfile.TemporaryDirectory() as place:
        run = make_project(Path(place))
        folder = run.project_folder
        table |= {f"flips of {name}": counts for name, counts in sweep_flips(run, 300).items()}
        table["write faults"] = sweep_writes(folder, CHANGING, (errno.ENOSPC, errno.EIO, errno.EACCES))
        table["hostile files"] = sweep_hostile(run, READING)
        table["kills"] = sweep_kills(folder, 100)
        table["kills of commands"] = sweep_command_kills(folder, COMMANDS, 30)
        table["full disks of the index"] = sweep_full_disks(folder, folder.parent / "pictures")
        table["kills of exports"] = sweep_command_kills(train(folder), EXPORT, 12)
    print("| sweep | cases | " + " | ".join(OUTCOMES) + " |")
    print("|---" * (len(OUTCOMES) + 2) + "|")
    for name, counts in table.items():
        print(f"| {name} | {counts.total()} | " + " | ".join(str(counts[outcome]) for outcome in OUTCOMES) + " |")
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    faults = sum(number for name, counts in table.items() for outcome, number in counts.items()
                 if outcome not in GOOD and name != "flips of project.cnnstudio")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(corpora.main(sys.argv[2:]) if sys.argv[1:2] == ["corpora"] else main())
