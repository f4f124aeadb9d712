"""The entry of a spare child: it imports what every job needs, and waits until there is one."""

from __future__ import annotations

import traceback

from cnnstudio.engine import child
from cnnstudio.engine.lean_import import lean_keras
from cnnstudio.workers import entry
from cnnstudio.workers.transport import Endpoint, ProtocolError


def main(endpoint: Endpoint) -> None:
    """Import, wait for the log of the job, and do the job as any child does."""
    try:
        _import_engine()
    except Exception:  # noqa: BLE001 - the job imports it again, and reports it
        traceback.print_exc()
    try:
        log = endpoint.receive().decode()
    except (EOFError, ProtocolError, UnicodeDecodeError):
        return
    entry.redirect(log)
    child.main(endpoint)


def _import_engine() -> None:
    with lean_keras():
        import keras

    if keras.backend.backend() == "tensorflow":
        # TensorFlow imports these when they are first used; nothing is computed yet, and no graphics card is touched.
        import tensorflow as tf

        for name in ("data", "config", "function", "nn"):
            dir(getattr(tf, name))
    from cnnstudio.engine import environment, evaluation, prediction_server  # noqa: F401
    from cnnstudio.engine.training import job, trainer  # noqa: F401

    environment.versions()
