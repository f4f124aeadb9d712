"""A helper process that a certain file kills, as a fault in a decoder would."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from cnnstudio.datasets.audit import helper_process
from cnnstudio.datasets.audit.file_measures import Measured, measure_file


def serve(connection: Connection) -> None:
    """Measure what comes, and die of every file called deadly."""

    def measure(folder: Path, identifier: int, path: str) -> Measured:
        if "deadly" in path:
            os._exit(11)
        return measure_file(folder, identifier, path)

    helper_process.measure_file = measure
    helper_process.serve(connection)
