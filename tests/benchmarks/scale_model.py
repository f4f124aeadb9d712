"""How cost grows from 10^4 to 10^9 pictures: a few measured costs of a picture, and the bandwidth of storage and network.

`python -m tests.benchmarks.scale_model` prints the tables of `docs/scale.md`. `MEASURED` are costs on one core of the machine
that `docs/measurements.md` describes; whatever is above what was tried there is extrapolated. `epoch_seconds` is checked
against `scale_simulation`, which plays the same epoch event by event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

DECADES: Final = tuple(10 ** power for power in range(4, 10))


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds of one core, and bytes, of one picture.

    `listed`, `listed_again`, `inspected`, `measured`: scanning and the audit; `judged`: the rules of the audit; `paired`: near
    duplicates; `prepared`: into the store of prepared pixels; `embedded`: features of the bundled base. `row`: in the index
    with its measures; `file`, `pixels`: the picture as a file, and prepared; `window`: memory of the window.
    """

    listed: float
    listed_again: float
    inspected: float
    measured: float
    judged: float
    paired: float
    prepared: float
    embedded: float
    row: float
    file: float
    pixels: float
    window: float


@dataclass(frozen=True, kw_only=True)
class Site:
    """`hosts` with `cores`; bytes a second: `storage` of all hosts together, `link` of one host, `disk` of one host alone;
    `trained`: pictures that one host trains a second; `memory` bytes of a host."""

    hosts: int
    cores: int
    storage: float
    link: float
    disk: float
    trained: float
    memory: float

    @property
    def inflow(self) -> float:
        """Bytes a second that all hosts read together from what they share."""
        return self.disk if self.hosts == 1 else min(self.storage, self.hosts * self.link)


def spread(count: int, deviation: float) -> float:
    """How much longer than the mean the slowest of `count` normally distributed times is, as a factor (Blom 1958)."""
    if count < 2:
        return 1.0
    return 1.0 + deviation * _quantile((count - 0.375) / (count + 0.25))


def _quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def epoch_seconds(*, hosts: int, shards: int, shard_bytes: float, compute: float, storage: float, link: float,
                  jitter: float = 0.0, reduce: float = 0.0) -> float:
    """An epoch whose hosts take `shards` each, one a step, while the next ones are fetched: the slower of the two, after the
    first fetch or before the last step, which nothing hides. The parameters are those of `scale_simulation.Epoch`."""
    fetch = shard_bytes / min(link, storage / hosts)
    step = compute * spread(hosts, jitter) + reduce
    return max(fetch + shards * step, shards * fetch + step)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a collection of `pictures` costs on a site: seconds, and bytes."""

    pictures: int
    listing: float
    scanning: float
    auditing: float
    pairing: float
    embedding: float
    epoch: float
    index: float
    files: float
    store: float
    signatures: float
    reading: float


def load(pictures: int, costs: Costs, site: Site) -> Load:
    """The costs of one pass of each kind: computing on all cores, or reading all files, whichever takes longer."""
    cores = site.hosts * site.cores
    reading = pictures * costs.file / site.inflow

    def passing(cost: float) -> float:
        return max(pictures * cost / cores, reading)

    return Load(
        pictures=pictures, listing=pictures * costs.listed / site.hosts, reading=reading,
        scanning=pictures * costs.listed / site.hosts + passing(costs.inspected),
        auditing=passing(costs.measured) + pictures * costs.judged, pairing=pictures * costs.paired * _growth(pictures) / cores,
        embedding=passing(costs.embedded),
        epoch=max(pictures / (site.hosts * site.trained), pictures * costs.pixels / site.inflow),
        index=pictures * costs.row, files=pictures * costs.file, store=pictures * costs.pixels,
        signatures=pictures * SIGNATURE_BYTES)


SIGNATURE_BYTES: Final = 256
_PAIRED_AT: Final = 1_000_000


def _growth(pictures: int) -> float:
    """Sorting and graphs of neighbours grow by the logarithm; the cost was measured at a million."""
    return math.log(max(2, pictures)) / math.log(_PAIRED_AT)
