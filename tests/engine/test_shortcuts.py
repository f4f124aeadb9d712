"""Planted shortcuts are found, and nothing is suspected where there are none."""

import cv2
import numpy as np
import pytest

from cnnstudio.core.events import Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.trial_jobs import FindShortcuts, ShortcutProbed
from cnnstudio.engine.shortcuts import find_shortcuts
from cnnstudio.workers.runs.shortcuts import read_shortcuts
from tests.engine.collections_of_pictures import CLASSES, small_project
from tests.engine.conftest import Recorder


def _rings_and_crosses(folder, change=lambda picture, _name: picture, suffix=lambda _name: "bmp"):
    """Pictures whose middle tells the class, on random grounds, with a change that may give it away. As BMP all
    files are of one size."""
    random, entries = np.random.default_rng(5), []
    for label, name in enumerate(CLASSES[:2]):
        (folder / name).mkdir(parents=True)
        for number in range(36):
            picture = np.full((48, 48, 3), random.integers(40, 200, 3), np.uint8)
            picture = cv2.add(picture, random.integers(0, 25, picture.shape, np.uint8))
            color, (x, y) = random.integers(0, 255, 3).tolist(), random.integers(21, 27, 2).tolist()
            if name == CLASSES[0]:
                cv2.circle(picture, (x, y), 9, color, 3)
            else:
                cv2.line(picture, (x - 9, y - 9), (x + 9, y + 9), color, 3)
                cv2.line(picture, (x - 9, y + 9), (x + 9, y - 9), color, 3)
            path = f"{name}/{number:03}.{suffix(name)}"
            cv2.imwrite(str(folder / path), change(picture, name))
            entries.append({"path": path, "label": label, "split": "test" if number % 3 == 2 else "train"})
    return entries


@pytest.fixture
def found(new_run, train_run, tmp_path, quick_engines):
    """Draws pictures with a change, trains on them for a moment and probes for shortcuts: the results by probe."""
    def go(*change):
        folder = tmp_path / "drawn"
        run = new_run(small_project(epochs=1), _rings_and_crosses(folder, *change), folder)
        train_run(run)
        recorder = Recorder()
        job = FindShortcuts(run_folder=str(run.folder), split="test", cache=str(quick_engines))
        assert isinstance(find_shortcuts(job, recorder), Finished)
        events = recorder.of(ShortcutProbed)
        assert read_shortcuts(run) == tuple(events), "they are kept"
        return {event.probe: event for event in events}

    return go


def test_without_a_shortcut_none_is_suspected(found):
    probes = found()
    assert set(probes) == {"border", "center", "thumbnail", "color", "file", "shuffled"}
    assert [name for name, probe in probes.items() if probe.suspicious] == []
    assert probes["center"].reference > 0.7
    assert all(probe.chance == 0.5 and probe.pictures == 24 for probe in probes.values())


def test_a_mark_in_a_corner_and_files_from_different_sources_are_found(found):
    def mark(picture, name):
        if name == CLASSES[0]:
            picture[:5, :5] = (0, 0, 255)
        return picture

    probes = found(mark, lambda name: "png" if name == CLASSES[0] else "bmp")
    assert probes["border"].suspicious
    assert probes["border"].accuracy > 0.9
    assert not probes["shuffled"].suspicious
    assert probes["file"].suspicious
    assert probes["file"].accuracy == 1.0


def test_one_class_alone_is_refused(new_run, train_run, tmp_path, pictures):
    root, entries = pictures
    alone = [entry for entry in entries if entry["label"] == 0 or entry["split"] != "test"]
    run = new_run(small_project(epochs=1), alone, root)
    train_run(run)
    with pytest.raises(ProblemError) as caught:
        find_shortcuts(FindShortcuts(run_folder=str(run.folder), split="test", cache=str(tmp_path / "cache")), Recorder())
    assert caught.value.problems[0].code == "one_class"
