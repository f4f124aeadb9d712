"""The jobs that write a trained model for use elsewhere and compare what was written with it, and their events.

They are jobs as those of `core.jobs`.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A share (0 to 1) with its 95 % interval."""

    value: float
    low: float
    high: float


class ExportCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The export was reopened by its own runtime and compared with the trained model on real pictures, from their files.

    `unchecked`: there were none, at the user's wish; it was compared on generated ones alone. `data`: the pictures were
    not the run's own but those of this folder. Differences are of probabilities, over all pictures and classes.

    `accuracy` is that of the export on `labelled` pictures whose class is known, `accuracy_before` that of the trained model
    on the same ones; `held_out`: the training did not see them. `bytes` is the size of the export. `latency_ms` and
    `latency_p95_ms` are the median and the 95th percentile for one prepared picture, `memory_bytes` what the process with the
    runtime takes more once it has answered. `runtime` is its name with the version, `kept_in_float` are the layers that
    stay in float in an export of less. What an earlier version did not measure is None, or 0.
    """

    images: int
    top1_agreement: float
    max_abs_difference: float
    mean_abs_difference: float | None = None
    unchecked: bool = False
    data: str = ""
    labelled: int = 0
    held_out: bool = False
    accuracy: Share | None = None
    accuracy_before: Share | None = None
    bytes: int = 0
    latency_ms: float | None = None
    latency_p95_ms: float | None = None
    memory_bytes: int | None = None
    runtime: str = ""
    kept_in_float: tuple[str, ...] = ()


class Exported(Event, frozen=True, kw_only=True):
    """`check` is None for a document, which answers nothing. `certificate` is the file that holds the check and the answers
    that must come out, "" where there is none."""

    path: str
    format: str
    check: ExportCheck | None
    certificate: str = ""


class Export(JobSpec, frozen=True, kw_only=True):
    """Write a run's model in `format` to `path` and check the result on pictures of the run's manifest, or of the folder
    or list `data`; `unchecked`: on generated pictures alone.

    `engine` is the runtime of a bundle, "" for the usual one. `keep_in_float`: layers that an export with whole numbers
    leaves in float.
    """

    function: ClassVar[str] = "exporting.job:export"

    run_folder: str
    format: str
    path: str
    samples: int = 3
    data: str = ""
    unchecked: bool = False
    engine: str = ""
    keep_in_float: tuple[str, ...] = ()


class Verified(Event, frozen=True, kw_only=True):
    """What was measured while an export answered; see ExportCheck."""

    runtime: str
    latency_ms: float
    latency_p95_ms: float
    memory_bytes: int


class Verify(JobSpec, frozen=True, kw_only=True):
    """Open the export at `path` with its own runtime, and write its answers for the pictures, float32 (n, classes), to the
    NumPy file `answers`."""

    function: ClassVar[str] = "exporting.verifying:verify"
    needs_keras: ClassVar[bool] = False

    path: str
    format: str
    pictures: tuple[str, ...]
    answers: str


class LayerLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What is lost where this layer alone computes with 8-bit whole numbers: the share of pictures whose class stays, and the
    mean difference of probabilities. `weights` is the number of its weights."""

    layer: str
    type: str
    weights: int
    top1_agreement: float
    mean_abs_difference: float


class LossesMeasured(Event, frozen=True, kw_only=True):
    """The layers of a network, the greatest loss first, on `images` pictures. `together`: all of them at once; `layer` is ""
    there."""

    run: str
    images: int
    layers: tuple[LayerLoss, ...]
    together: LayerLoss


class MeasureLosses(JobSpec, frozen=True, kw_only=True):
    """Which layers of a run's model lose most with 8-bit whole numbers."""

    function: ClassVar[str] = "exporting.losses:measure"

    run_folder: str
