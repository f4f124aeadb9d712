"""Predictions of a run in the index, to filter and sort by, and the cost of leakage."""

from __future__ import annotations

import msgspec

from cnnstudio.core.dataset import SPLITS
from cnnstudio.core.foreign_files import LARGEST, read_bytes
from cnnstudio.core.jobs import PictureResult
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.renamed_classes import names_in, present_names
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.leakage import LeakageCost, duplicates_of, leakage_cost, leaked_paths
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.folder import RunFolder


def evaluation_rows(run: RunFolder, split: str) -> list[PictureResult]:
    """The rows of an evaluation of that split; empty if it was not evaluated or cannot be read."""
    decoder = msgspec.json.Decoder(PictureResult)
    try:
        return [decoder.decode(line) for line in read_bytes(run.table_path(split), LARGEST).split(b"\n") if line]
    except (OSError, ValueError, RecursionError):
        return []


def is_outdated(run: RunFolder, split: str) -> bool:
    """Whether the model was trained further after that evaluation."""
    try:
        return run.model_path.stat().st_mtime > run.table_path(split).with_suffix(".json").stat().st_mtime
    except OSError:
        return False


def enter_answers(index: Index, run: RunFolder) -> int:
    """Enter all predictions of a run (of every evaluated split) into the index; returns how many. Classes of the run that were
    renamed are entered by the names that the index has."""
    try:
        trained = read_manifest(run.manifest_path, as_trained=True).header.class_names
    except ProblemError:
        return 0
    known = {name for name, in index.rows("SELECT DISTINCT class_name FROM pictures")}
    names = names_in(known, trained, present_names(run.folder, trained))
    rows = [(run.id, names[item.predicted], item.probability, item.loss, item.path)
            for split in SPLITS for item in evaluation_rows(run, split) if 0 <= item.predicted < len(names)]
    with index.transaction() as connection:
        connection.execute("DELETE FROM predictions WHERE run = ?", (run.id,))
        connection.executemany(
            "INSERT OR REPLACE INTO predictions SELECT ?, id, ?, ?, ? FROM pictures WHERE path = ?", rows)
        return int(connection.execute("SELECT COUNT(*) FROM predictions WHERE run = ?", (run.id,)).fetchone()[0])


def leakage_price(index: Index, run: RunFolder, split: str) -> LeakageCost | None:
    """How much pictures of `split` with a duplicate in the run's training pictures add to its accuracy; None without an
    evaluation."""
    results = evaluation_rows(run, split)
    if not results:
        return None
    try:
        learned = [entry.path for entry in read_manifest(run.manifest_path).split("train")]
    except ProblemError:
        return None
    right = {result.path: result.predicted == result.label for result in results}
    return leakage_cost(right, leaked_paths(duplicates_of(index), right, learned))
