"""Commands to a running child process; its jobs are in `core.jobs`."""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag=str.lower):
    """Anything that may be sent to a running child."""


class Pause(Command, frozen=True, kw_only=True):
    """Wait after the present batch."""


class Resume(Command, frozen=True, kw_only=True):
    """Continue after a pause."""


class Stop(Command, frozen=True, kw_only=True):
    """End after the present batch; `keep` saves the best weights so far as the run's model."""

    keep: bool = True


class Request(Command, frozen=True, kw_only=True):
    """What the warm server is asked; `request` comes back with every answer."""

    request: int


class Predict(Request, frozen=True, kw_only=True):
    """Classify these files. Answer the `top` best classes of every file (0: all)."""

    paths: tuple[str, ...]
    top: int = 5


class PredictVideo(Request, frozen=True, kw_only=True):
    """Classify the frames of a video, or one every `every` seconds (0: all). Answer the `top` best classes (0: all)."""

    path: str
    every: float = 0.0
    top: int = 5


class PredictFrame(Request, frozen=True, kw_only=True):
    """Classify the frame that lies in the file `store`: uint8 of that `shape`, blue first; answered before anything that
    takes longer. `frame` and `seconds` come back with the answer."""

    store: str
    shape: tuple[int, ...]
    frame: int = 0
    seconds: float = 0.0
    top: int = 0


class ShowPrepared(Request, frozen=True, kw_only=True):
    """Give the picture as the network gets it."""

    path: str


class Cancel(Command, frozen=True, kw_only=True):
    """End a request of the warm server at the next batch, or before it begins: its Answered says so. The model stays
    loaded."""

    request: int


class SetLearningRate(Command, frozen=True, kw_only=True):
    """Train with this learning rate from the next batch on."""

    rate: float


class Observe(Command, frozen=True, kw_only=True):
    """Tell the answers of the network in training for `count` validation pictures and for the files `paths`: now, and
    after every epoch. Replaces an earlier Observe; without any picture it ends."""

    count: int = 0
    paths: tuple[str, ...] = ()


class ObserveLayers(Command, frozen=True, kw_only=True):
    """Measure the layers of the network in training: now, and after every epoch. `rows` is how many are told at most, and
    0 ends it."""

    rows: int = 50
