"""A project of small pictures with runs that answered them, as the tests of scenarios and properties need it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import write_project
from cnnstudio.core.jobs import Evaluated
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.scenarios import list_scenarios, make_scenario, present_pictures, scenario_pictures
from cnnstudio.evaluation.answers import Answers, write_answers
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.runs.calibration import write_evaluation
from cnnstudio.workers.runs.folder import RunFolder, create_run
from cnnstudio.workers.runs.scenarios import measure_scenarios
from tests.datasets.test_decisions import picture

SPLITS = ("train", "train", "validation", "test", "test", "test")
"""Of the pictures 0 to 5 of each class."""


class Place:
    """A project of six pictures in each of two classes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "p"
        for number in range(12):
            picture(self.root / ("cat", "dog")[number % 2] / f"{number // 2}.png", number)
        self.project = new_project("pets", str(self.root), Facts(classes=("cat", "dog")), template="lenet5")
        write_project(folder, self.project)
        self.index = Index(folder / "dataset.sqlite")
        self.look()

    def look(self) -> None:
        scan_folder(self.index, self.root, DatasetSpec())
        inspect_pictures(self.index, self.root)

    def run(self, wrong: tuple[str, ...] = (), splits: tuple[str, ...] = ("test",), classes=("cat", "dog"),
            learned: tuple[str, ...] = SPLITS) -> RunFolder:
        """A run that answers these splits, right but for the pictures `wrong`."""
        entries = [Entry(path=item.path, label=classes.index(item.class_name), split=learned[int(Path(item.path).stem)],
                         hash=item.hash) for item in self.index.pictures(self.index.ids()) if item.class_name in classes]
        header = Header(root=str(self.root), class_names=tuple(classes), label_mode="categorical")
        run = create_run(self.folder, self.project, lambda path: write_manifest(path, header, entries))
        run.model_path.write_bytes(b"a model")
        for split in splits:
            there = [entry for entry in entries if entry.split == split]
            labels = np.array([entry.label for entry in there], np.int64)
            chances = np.full((len(there), len(classes)), 0.1, np.float32)
            answered = [(label + (entry.path in wrong)) % len(classes) for label, entry in zip(labels, there, strict=True)]
            chances[np.arange(len(there)), answered] = 0.9
            answers = Answers(tuple(entry.path for entry in there), labels, chances, tuple(classes), run=run.id, split=split)
            write_answers(run.answers_path(split), answers)
            write_evaluation(run.table_path(split), answers, Evaluated(
                run=run.id, split=split, images=len(there), loss=0, accuracy=0, classes=(), confusion=(), engine="litert",
                table=str(run.table_path(split))))
        return run

    def scenario(self, name: str, *paths: str):
        make_scenario(self.index, name, "", scenario_pictures(self.index, self.root, list(self.index.ids_of(paths))))
        return next(item for item in list_scenarios(self.index) if item.name == name)

    def measure(self, run: RunFolder, *scenarios):
        return measure_scenarios(run, scenarios, present_pictures(self.index, scenarios))
