"""An epoch of training on several hosts, played event by event, to check the formula of `scale_model`.

Every host fetches its shards, one after the other, into a buffer of a few; all fetches share the storage's bandwidth
equally, and none is faster than its host's link. A step takes one shard of every host: it begins when all have one and
ends with the slowest, whose time varies from step to step.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_NEVER = float("inf")


@dataclass
class Host:
    """`left` bytes of the shard that is being fetched (none: 0); `buffered` shards; `wanted` shards to fetch still."""

    wanted: int
    left: float = 0.0
    buffered: int = 0


@dataclass
class Epoch:
    """`shards` a host of `shard_bytes`, `compute` seconds a shard with a relative deviation of `jitter`; `storage` and `link`
    are bytes a second of all and of one host; `reduce` seconds pass after a step."""

    hosts: int
    shards: int
    shard_bytes: float
    compute: float
    storage: float
    link: float
    jitter: float = 0.0
    buffer: int = 4
    reduce: float = 0.0
    seed: int = 0
    now: float = 0.0
    _hosts: list[Host] = field(default_factory=list)

    def seconds(self) -> float:
        """The time that the whole epoch takes."""
        numbers = random.Random(self.seed)
        self._hosts = [Host(wanted=self.shards) for _ in range(self.hosts)]
        self.now, step_ends, steps = 0.0, _NEVER, 0
        while steps < self.shards:
            for host in self._hosts:
                if not host.left and host.wanted and host.buffered < self.buffer:
                    host.left, host.wanted = self.shard_bytes, host.wanted - 1
            if step_ends == _NEVER and all(host.buffered for host in self._hosts):
                step_ends = self.now + self._step(numbers)
            steps, step_ends = self._advance(steps, step_ends)
        return self.now

    def _step(self, numbers: random.Random) -> float:
        """The slowest of all hosts."""
        return self.reduce + max(self.compute * max(0.1, numbers.gauss(1.0, self.jitter)) for _ in self._hosts)

    def _advance(self, steps: int, step_ends: float) -> tuple[int, float]:
        """To the next event: a shard has come, or a step is done."""
        fetching = [host for host in self._hosts if host.left]
        rate = min(self.link, self.storage / len(fetching)) if fetching else 0.0
        arrives = self.now + min(host.left for host in fetching) / rate if fetching else _NEVER
        after = min(arrives, step_ends)
        for host in fetching:
            host.left = max(0.0, host.left - rate * (after - self.now))
            if host.left < 1.0:
                host.left, host.buffered = 0.0, host.buffered + 1
        self.now = after
        if step_ends > after:
            return steps, step_ends
        for host in self._hosts:
            host.buffered -= 1
        return steps + 1, _NEVER
