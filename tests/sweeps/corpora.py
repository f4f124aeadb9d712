"""Public test corpora past the decoder: every file is answered or named, and looks as a second opinion says.

Each file is read in a child of its own, with limits of time and memory, as `new`, `audit` and `predict` read it. Fetched
corpora are never part of the project; the folder is the user's.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.datasets.audit.file_measures import measure_file
from cnnstudio.datasets.refresh import inspect_file
from cnnstudio.imaging.decode import MAXIMUM_PIXELS, decode_samples, picture_of, read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.formats import jpeg, pillow, png, tga, tiff
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.sample_range import SampleRange, is_deep
from tests.sweeps.opinions import ANSWERED, difference, second_opinion

_LOADED: Final = (jpeg, pillow, png, tga, tiff)
"""Imported before the children are made, which would each import them again."""
SECONDS: Final = 60
"""After which a file counts as hanging."""
MEMORY: Final = 6 << 30
"""Bytes of addresses of a child: the largest allowed picture, and no bomb."""
ENDINGS: Final = ("answered", "as Pillow", "refused", "other kind", "different", "at odds", "traceback", "crash", "hang")
"""`as Pillow`: answered, but not as the reference of the corpus has it. `other kind`: not a picture in a format known here.
`different`: not as the second opinion shows it. `at odds`: scan, audit and prediction do not say the same."""
GOOD: Final = ENDINGS[:4]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One file: how it ended, why, who confirms it, and what it took."""

    path: str
    ending: str
    reason: str = ""
    second: str = ""
    seconds: float = 0.0
    megabytes: int = 0


def judge_file(path: Path) -> Iterator[dict[str, Any]]:
    """In the child: what the program says of the file, and then how it looks beside a second opinion."""
    import resource  # not on Windows, where the tests are skipped

    ending, reason, picture = "answered", "", None
    try:
        data = read_bytes(path)
        header = read_header(data)
        samples = decode_samples(data, header)
        deep = is_deep(samples)
        # Deep pictures are given the range that shows all of their samples: `new` chooses one for each collection.
        picture = picture_of(samples, header, channels=3, background=(255, 255, 255),
                             sample_range=SampleRange("picture", low=0, high=100))
        reason = f"{header.format}{' deep' if deep else ''}"
    except PictureError as error:
        ending, reason = ("other kind" if error.code == "not_a_picture" else "refused"), _reason(error)
    inspected = inspect_file(path.parent, 1, path.name)
    measured = measure_file(path.parent, 1, path.name)
    codes = {inspected[4], measured.inspected[4]}
    if codes != {None} if ending == "answered" else None in codes:
        ending, reason = "at odds", f"{reason}; scan {inspected[4]}, audit {measured.inspected[4]}"
    elif picture is not None and not (inspected[1:3] == measured.inspected[1:3] == picture.shape[1::-1]):
        ending, reason = "at odds", f"{inspected[1:3]}, {measured.inspected[1:3]}, {picture.shape[1::-1]}"
    yield {"ending": ending, "reason": reason, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}
    opinion = second_opinion(path, MAXIMUM_PIXELS)
    yield {"second": opinion.whose}
    if picture is None or opinion.colors is None:
        return
    unlike = difference(picture, opinion, "picture" if deep else "")
    if unlike and deep:  # a reference may be cut to 0..1
        by_type = picture_of(samples, header, channels=3, background=(255, 255, 255))
        unlike = difference(by_type, opinion, "type") and unlike
    if unlike:
        pillow = second_opinion(path, MAXIMUM_PIXELS, without_reference=True)
        agrees = opinion.whose == "reference" and pillow.colors is not None and not difference(
            picture, pillow, "picture" if deep else "")
        yield {"ending": "as Pillow" if agrees else "different", "reason": f"{reason}: {unlike}"}


def _reason(error: PictureError) -> str:
    return " ".join(str(part) for part in (error.values.get("format", ""), error.code, error.values.get("detail", "")) if part)


def _child(path: str, writer: Any) -> None:
    import faulthandler
    import resource

    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        for part in judge_file(Path(path)):
            writer.send(json.dumps(part))
    except BaseException:  # noqa: BLE001 - what a sweep looks for
        writer.send(json.dumps({"ending": "traceback", "reason": traceback.format_exc(limit=-2).replace("\n", " ")}))
    writer.send("")
    writer.close()
    os._exit(0)


def judge(path: Path, seconds: float = SECONDS) -> Verdict:
    """The verdict on one file, from a child of its own."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    start = time.perf_counter()
    process = multiprocessing.get_context("fork").Process(target=_child, args=(str(path), writer))
    process.start()
    writer.close()
    facts: dict[str, Any] = {}
    ended = False
    with contextlib.suppress(EOFError):
        while reader.poll(max(0.0, start + seconds - time.perf_counter()) if not facts else seconds):
            line = reader.recv()
            if not line:
                ended = True
                break
            if not facts:
                facts["seconds"] = time.perf_counter() - start
            facts |= json.loads(line)
        else:
            process.kill()
            if not facts:
                facts = {"ending": "hang", "seconds": seconds}
    process.join(5)
    if not facts:
        code = process.exitcode or 0
        facts = {"ending": "crash", "reason": signal.Signals(-code).name if code < 0 else f"exit {code}",
                 "seconds": time.perf_counter() - start}
    elif not ended and "second" not in facts:
        facts["second"] = "crashed"  # the second opinion, after the program has answered
    reader.close()
    return msgspec.convert({"path": str(path)} | facts, Verdict)


def sweep_corpus(folder: Path, seconds: float = SECONDS) -> list[Verdict]:
    """The verdicts on every file of a folder and below."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(lambda path: judge(path, seconds), paths))


def main(arguments: Sequence[str]) -> int:
    """Sweep every folder in FOLDER as a corpus, and print a table; `--list` names every file that is not answered.

    Exit code 1 if one file ends other than well.
    """
    folders = [Path(word) for word in arguments if not word.startswith("--")]
    if len(folders) != 1 or not folders[0].is_dir():
        print("python -m tests.sweeps corpora FOLDER [--list]", file=sys.stderr)
        return 2
    corpora = {folder.name: sweep_corpus(folder) for folder in sorted(folders[0].iterdir()) if folder.is_dir()}
    print_table(corpora)
    print()
    print_reasons([verdict for verdicts in corpora.values() for verdict in verdicts])
    for verdict in (verdict for verdicts in corpora.values() for verdict in verdicts):
        quiet = ("answered",) if "--list" in arguments else ("answered", "refused", "other kind")
        if verdict.ending not in quiet:
            print(f"{verdict.ending}: {Path(verdict.path).relative_to(folders[0])}: {verdict.reason} ({verdict.second})")
    return int(any(verdict.ending not in GOOD for verdicts in corpora.values() for verdict in verdicts))


def print_table(corpora: dict[str, list[Verdict]]) -> None:
    """One line a corpus."""
    heads = ("files", *ENDINGS, "as Pillow or a reference shows it", "refused, though one of them answers", "slowest",
             "most memory")
    print("| corpus | " + " | ".join(heads) + " |")
    print("|---" * (len(heads) + 1) + "|")
    for name, verdicts in corpora.items():
        counts = Counter(verdict.ending for verdict in verdicts)
        confirmed = sum(verdict.ending == "answered" and verdict.second.startswith(ANSWERED) for verdict in verdicts)
        missed = sum(verdict.ending == "refused" and verdict.second.startswith(ANSWERED) for verdict in verdicts)
        cells = [len(verdicts), *(counts[ending] for ending in ENDINGS), confirmed, missed,
                 f"{max((verdict.seconds for verdict in verdicts), default=0):.1f} s",
                 f"{max((verdict.megabytes for verdict in verdicts), default=0)} MB"]
        print(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |")


def print_reasons(verdicts: Sequence[Verdict]) -> None:
    """Why pictures are refused, and how many of them Pillow answers."""
    refused = [verdict for verdict in verdicts if verdict.ending == "refused"]
    counts = Counter(verdict.reason for verdict in refused)
    answered = Counter(verdict.reason for verdict in refused if verdict.second.startswith(ANSWERED))
    print("| refused because | files | of these Pillow or a reference answers |")
    print("|---|---|---|")
    for reason, number in counts.most_common():
        print(f"| {reason} | {number} | {answered[reason]} |")
