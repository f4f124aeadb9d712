"""How cost grows from 10^4 to 10^9 pictures: a few measured costs of a picture, and the bandwidth of storage and network.

`python -m tests.benchmarks.scale_model` prints the tables of `docs/scale.md`. `PHOTOS` are costs on one core of the machine
that `docs/measurements.md` describes; sites are assumed. `epoch_seconds` is checked against `scale_simulation`, which plays the
same epoch event by event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

DECADES: Final = tuple(10 ** power for power in range(4, 10))


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds of one core, and bytes, of one picture.

    `listed`, `inspected`, `measured`: scanning and the audit; `judged`: the rules of the audit and near duplicates, on one
    core; `embedded`: features of the bundled base. `row`: in the index with its measures; `file`, `pixels`: the picture as a
    file, and prepared; `judging`: memory while duplicates are sought; `manifest`: in each run.
    """

    listed: float
    inspected: float
    measured: float
    judged: float
    embedded: float
    row: float
    file: float
    pixels: float
    judging: float
    manifest: float


@dataclass(frozen=True, kw_only=True)
class Site:
    """`hosts` with `cores`; bytes a second: `storage` of all hosts together, `link` of one host, `disk` of one host alone;
    `trained`: pictures that one host trains a second."""

    hosts: int
    cores: int
    storage: float
    link: float
    disk: float
    trained: float

    @property
    def inflow(self) -> float:
        """Bytes a second that all hosts read together from what they share."""
        return self.disk if self.hosts == 1 else min(self.storage, self.hosts * self.link)


def spread(count: int, deviation: float) -> float:
    """How much longer than the mean the slowest of `count` normally distributed times is, as a factor (Blom 1958)."""
    if count < 2:
        return 1.0
    return 1.0 + deviation * NormalDist().inv_cdf((count - 0.375) / (count + 0.25))


def epoch_seconds(*, hosts: int, shards: int, shard_bytes: float, compute: float, storage: float, link: float,
                  jitter: float = 0.0, reduce: float = 0.0) -> float:
    """An epoch whose hosts take `shards` each, one a step, while the next ones are fetched: the slower of the two, after the
    first fetch or before the last step, which nothing hides. The parameters are those of `scale_simulation.Epoch`."""
    fetch = shard_bytes / min(link, storage / hosts)
    step = compute * spread(hosts, jitter) + reduce
    return max(fetch + shards * step, shards * fetch + step)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a collection of `pictures` costs on a site: seconds of each pass, and bytes."""

    pictures: int
    scanning: float
    auditing: float
    judging: float
    pairing: float
    embedding: float
    epoch: float
    index: float
    files: float
    store: float
    memory: float
    manifest: float


def load(pictures: int, costs: Costs, site: Site) -> Load:
    """The costs of one pass of each kind: computing on all cores, or reading all files, whichever takes longer. Listing and
    judging are the work of one core; `pairing` is judging shared among all hosts, by the buckets of the signatures."""
    cores = site.hosts * site.cores
    reading = pictures * costs.file / site.inflow
    judging = pictures * costs.judged * _growth(pictures)

    def passing(cost: float) -> float:
        return max(pictures * cost / cores, reading)

    return Load(
        pictures=pictures, scanning=pictures * costs.listed + passing(costs.inspected), auditing=passing(costs.measured),
        judging=judging, pairing=judging / cores, embedding=passing(costs.embedded),
        epoch=max(pictures / (site.hosts * site.trained), pictures * costs.pixels / site.inflow),
        index=pictures * costs.row, files=pictures * costs.file, store=pictures * costs.pixels,
        memory=pictures * costs.judging, manifest=pictures * costs.manifest)


_JUDGED_AT: Final = 495_567
"""Pictures of the collection on which judging was measured."""


def _growth(pictures: int) -> float:
    """Sorting grows by the logarithm."""
    return math.log(pictures) / math.log(_JUDGED_AT)


PHOTOS: Final = Costs(listed=3.4e-5, inspected=7.0e-4, measured=1.85e-3, judged=9.1e-5, embedded=1.57e-2, row=780.0,
                      file=25_000.0, pixels=224 * 224 * 3, judging=3000.0, manifest=166.0)
"""Photos of 224 x 224 in JPEG files, as measured on 3,000 of them; `listed` on 100,000 small pictures, `judged` and `judging`
on 495,567, `row` on a million, of which half were measured."""

LAB: Final = Site(hosts=1, cores=16, storage=2e9, link=2e9, disk=2e9, trained=2500)
"""One machine with an SSD and one graphics card."""


def cluster(hosts: int) -> Site:
    """Hosts with four graphics cards each, 25 Gbit/s to a storage that gives 20 GB/s to all together."""
    return Site(hosts=hosts, cores=32, storage=20e9, link=3e9, disk=2e9, trained=10_000)


def tables() -> tuple[str, str, str]:
    """What a collection takes; passes on one machine; passes on sixteen hosts; as Markdown."""
    loads = [(load(count, PHOTOS, LAB), load(count, PHOTOS, cluster(16))) for count in DECADES]
    room = _table(("pictures", "index", "files", "prepared pixels", "memory to judge", "manifest of a run"), [
        (_power(one.pictures), *map(_bytes, (one.index, one.files, one.store, one.memory, one.manifest))) for one, _ in loads])
    alone = _table(("pictures", "scan", "measure", "judge", "features", "an epoch"), [
        (_power(one.pictures), *map(_time, (one.scanning, one.auditing, one.judging, one.embedding, one.epoch)))
        for one, _ in loads])
    together = _table(("pictures", "scan", "measure", "judge, shared", "features", "an epoch"), [
        (_power(many.pictures), *map(_time, (many.scanning, many.auditing, many.pairing, many.embedding, many.epoch)))
        for _, many in loads])
    return room, alone, together


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ("---",) * len(head), *rows))


def _power(count: int) -> str:
    return f"10^{round(math.log10(count))}"


def _bytes(size: float) -> str:
    power = min(4, int(math.log10(size)) // 3)
    size, unit = size / 1000 ** power, ("bytes", "KB", "MB", "GB", "TB")[power]
    return f"{size:.2g} {unit}" if size < 100 else f"{round(size, -1):.0f} {unit}"


def _time(seconds: float) -> str:
    for unit, length in (("s", 60.0), ("min", 60.0), ("h", 24.0)):
        if seconds < 1.5 * length:
            return f"{seconds:.2g} {unit}" if seconds < 10 else f"{seconds:.0f} {unit}"
        seconds /= length
    return f"{seconds:.2g} days" if seconds < 10 else f"{seconds:.0f} days"


if __name__ == "__main__":
    print("\n\n".join(tables()))
