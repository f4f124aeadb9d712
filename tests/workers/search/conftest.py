"""A project with pictures, and searches that are driven with played children."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.project import Project
from cnnstudio.core.search import Range, SearchSpec, Varied
from cnnstudio.datasets.index import open_index
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.job_setup import refresh_index
from cnnstudio.workers.search.begin import begin_search
from cnnstudio.workers.search.driver import SearchDriver
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.search_events import SearchEnded, SearchEvent

TARGET = "tests.workers.search.children:trains"
RATE = Varied(key="training.optimizer.learning_rate", values=Range(low=1e-4, high=1e-1, log=True))
BATCH = Varied(key="training.batch_size", values=Range(low=8, high=96))


def spec_of(**settings: object) -> SearchSpec:
    """Six random trials of rate and batch size, with other settings where they are given."""
    return SearchSpec(**{"varied": (RATE, BATCH), "trials": 6, "seed": 3, "sampler": "random"} | settings)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Forty pictures of two classes, no two the same."""
    root = tmp_path / "pictures"
    for place, label in enumerate(("cat", "dog")):
        (root / label).mkdir(parents=True)
        for number in range(20):
            cv2.imwrite(str(root / label / f"{number}.png"), np.full((28, 28, 3), number + 100 * place, np.uint8))
    return root


@pytest.fixture
def project(pictures: Path) -> Project:
    """LeNet-5 on them, four epochs."""
    made = new_project("pets", str(pictures), Facts(classes=("cat", "dog"), grey=True), template="lenet5")
    stage = made.training.last_stage.__class__(id="stage_1", epochs=4, optimizer=made.training.last_stage.optimizer)
    import msgspec

    return msgspec.structs.replace(made, training=msgspec.structs.replace(made.training, stages=(stage,)))


@pytest.fixture
def begin(tmp_path: Path, project: Project) -> Callable[..., SearchFolder]:
    """Begins a search: `begin(spec)`."""
    def begun(spec: SearchSpec, own: Project | None = None) -> SearchFolder:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        index = open_index(folder)
        try:
            noticed = refresh_index(folder, own or project, index)
            index.apply((own or project).dataset)
            return begin_search(folder, own or project, index, spec, noticed)
        finally:
            index.close()

    return begun


class Driven:
    """What a session told."""

    def __init__(self, search: SearchFolder) -> None:
        self.events: list[SearchEvent] = []
        self.driver = SearchDriver(search, self.hear, target=TARGET)
        self.on_event: Callable[[SearchEvent], None] = lambda _event: None

    def hear(self, event: SearchEvent) -> None:
        self.events.append(event)
        self.on_event(event)

    def run(self) -> SearchEnded:
        return self.driver.run()

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]
