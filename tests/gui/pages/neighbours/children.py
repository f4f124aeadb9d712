"""A scripted child that computes features, without Keras, and without Qt so that it starts quickly."""

from __future__ import annotations

import time

from cnnstudio.core.events import Stopped
from cnnstudio.core.feature_jobs import ComputeFeatures
from cnnstudio.workers.link import Link
from cnnstudio.workers.transport import Endpoint


def computing(endpoint: Endpoint) -> None:
    """A job that computes features until it is stopped."""
    link = Link(endpoint)
    assert isinstance(link.job(), ComputeFeatures)
    while link.stop is None:
        time.sleep(0.02)
    link.emit(Stopped(kept=False))
