"""The audit against CleanVision: time, planted defects that are found, and false alarms on untouched photos.

CNNSTUDIO_CLEANVISION names a Python that has CleanVision; without it only our side is measured. CleanVision may use
two processes. `python -m tests.benchmarks.audit` prints the tables of defects, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.material import ROOT, SHARED, pictures
from tests.datasets.planting import plant

CIFAR, PHOTOS = 10_000, 1_400
ROUNDS = 2
"""The quickest of so many counts on either side: others may be at work on the machine."""
SEEDS: Final = (11, 12, 13)
FOUND_BY: Final = {
    "exact": ("exact_duplicate",), "leaked": ("leakage",), "truncated": ("truncated",), "resized": ("near_duplicate",),
    "flipped": ("near_duplicate",), "blurred": ("blurry",), "darkened": ("dark",), "swapped": ("mislabeled",),
}
THEIR_WORDS: Final = {
    "exact_duplicates": "exact_duplicate", "near_duplicates": "near_duplicate", "light": "bright", "dark": "dark",
    "blurry": "blurry", "low_information": "low_information", "odd_size": "odd_size", "odd_aspect_ratio": "odd_ratio",
    "grayscale": "color_mismatch",
}
_THEIRS: Final = """
import json, sys
from pathlib import Path
from cleanvision import Imagelab
root = sys.argv[1]
lab = Imagelab(data_path=root, verbose=False)
lab.find_issues(n_jobs=2, verbose=False)
found = [[name[3:-6], str(Path(path).relative_to(root))] for name in lab.issues.columns if name.startswith("is_")
         for path in lab.issues.index[lab.issues[name]]]
print("\\n" + json.dumps({"found": found}))
"""


def theirs(folder: Path) -> dict[str, Any] | None:
    """Seconds and findings (kind, path) of CleanVision, or None where it is not there or fails."""
    python = os.environ.get("CNNSTUDIO_CLEANVISION")
    if not python:
        return None
    start = time.perf_counter()
    done = subprocess.run([python, "-c", _THEIRS, str(folder)], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        print("CleanVision failed: " + done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    answer["seconds"] = seconds
    answer["found"] = {(THEIR_WORDS.get(kind, kind), path) for kind, path in answer["found"]}
    return answer


def ours(folder: Path, *, flips: bool = False, only: str = "") -> dict[str, Any]:
    """Seconds and findings (kind, path; twins of it, too) of the command, in a cache of its own."""
    words = [sys.executable, "-m", "cnnstudio", "audit", str(folder), "--json", "--language", "en"]
    words += ["--flips"] if flips else []
    words += ["--only", only] if only else []
    with tempfile.TemporaryDirectory(prefix="cnnstudio-audit-") as cache:
        start = time.perf_counter()
        done = subprocess.run(words, cwd=ROOT, env={**os.environ, "CNNSTUDIO_CACHE": cache}, capture_output=True,
                              text=True, check=False)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    lines = [json.loads(line) for line in done.stdout.splitlines()[:-1]]
    return {"seconds": seconds, "lines": lines,
            "found": {(line["kind"], path) for line in lines for path in (line["path"], *line["others"])}}


def without_network() -> str:
    """The kinds that CleanVision has a counterpart of, and those that cost nothing more."""
    from cnnstudio.catalog.findings import KINDS, LEARNED

    return ",".join(each for each in KINDS.ids() if each not in LEARNED)


def run() -> list[dict[str, Any]]:
    """Two rows: many small pictures, and photos; what a user waits for, the start of the process in it, on both sides."""
    rows = []
    for source, count, size in (("cifar10_sample", CIFAR, 32), ("cats_dogs", PHOTOS, 400)):
        with tempfile.TemporaryDirectory(prefix="cnnstudio-pictures-") as folder:
            pictures(Path(folder), source, count, size)
            mine, other = [], []
            for _ in range(ROUNDS):
                mine.append(ours(Path(folder), only=without_network())["seconds"])
                answer = theirs(Path(folder))
                other += [answer["seconds"]] if answer is not None else []
        rows.append({"work": f"audit of {count:,} pictures ({source})", "ours": f"{min(mine):.1f} s",
                     "script": f"{min(other):.1f} s" if other else "CleanVision is not there",
                     "ratio": min(other) / min(mine) if other else 0.0, "target": ">= 10"})
    return rows


def defects() -> None:
    """Print what share of planted defects each finds, how many alarms are wrong, and alarms on untouched photos."""
    if not SHARED.is_dir():
        print("The shared photos are not there: no table of defects.")
        return
    hits: dict[str, Counter[str]] = {"ours": Counter(), "theirs": Counter()}
    wrong: dict[str, Counter[str]] = {"ours": Counter(), "theirs": Counter()}
    alarms: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    known = False
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix="cnnstudio-planted-") as folder:
            target = Path(folder) / "photos"
            planted = {name: set(paths) for name, paths in plant(SHARED / "cats_dogs", target, seed).items()}
            totals.update({name: len(paths) for name, paths in planted.items()})
            mine = ours(target, flips=True)
            # CleanVision ends with an error at the first truncated file: those it is spared.
            for path in planted["truncated"]:
                (target / path).unlink()
            other = theirs(target)
            known = known or other is not None
            for name, answer in (("ours", mine), ("theirs", other)):
                if answer is not None:
                    _count(answer, planted, hits[name], wrong[name])
            spoiled = set().union(*planted.values())
            alarms.update(line["kind"] for line in mine["lines"] if not spoiled & {line["path"], *line["others"]})
    print(f"\n{sum(totals.values())} planted defects over {len(SEEDS)} copies of the photos\n")
    print("| planted | number | found by CNN Studio | by CleanVision | wrong alarms of the kind, ours | theirs |")
    print("|---|---|---|---|---|---|")
    for name, kinds in FOUND_BY.items():
        print(f"| {name} | {totals[name]} | {hits['ours'][name] / totals[name]:.0%} | "
              + (f"{hits['theirs'][name] / totals[name]:.0%}" if known else "?")
              + f" | {sum(alarms[kind] for kind in kinds)} | " + (f"{_sum(wrong['theirs'], kinds)}" if known else "?") + " |")
    mine, other = ours(SHARED / "cats_dogs", flips=True), theirs(SHARED / "cats_dogs")
    quiet = [line for line in mine["lines"] if line["kind"] not in ("outlier", "mislabeled")]
    print(f"\nUntouched photos: {len(quiet)} alarms of the kinds that CleanVision has, too; with labels and outliers "
          f"{len(mine['lines'])}; CleanVision " + (f"{len(other['found'])}" if other else "is not there") + ".")
    for line in mine["lines"]:
        print(f"  {line['kind']} {line['path']}: {line['text']}")


def _count(answer: dict[str, Any], planted: dict[str, set[str]], hits: Counter[str], wrong: Counter[str]) -> None:
    for name, kinds in FOUND_BY.items():
        told = {path for kind, path in answer["found"] if kind in kinds}
        hits[name] += len(told & planted[name])
    spoiled = set().union(*planted.values())
    # The original of a planted copy is a twin as well.
    spoiled |= {path.replace(f"{name}_", "").replace("test/", "train/") for name in ("exact", "resized", "flipped", "leaked")
                for path in planted[name]}
    wrong.update(kind for kind, path in answer["found"] if path not in spoiled)


def _sum(counts: Counter[str], kinds: tuple[str, ...]) -> int:
    return sum(counts[kind] for kind in kinds)


if __name__ == "__main__":
    from tests.benchmarks.material import show

    show(run())
    defects()
