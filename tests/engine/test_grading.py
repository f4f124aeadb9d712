"""A hand-in with a real model: evaluated again on the hidden pictures, and one whose model holds code is not run."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import msgspec

from cnnstudio.core.events import Failed
from cnnstudio.core.files import PROJECT_FILE, encode_project
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.engine.evaluation import evaluate
from cnnstudio.learning.assignments.capsule import write_capsule
from cnnstudio.learning.assignments.facts import run_facts
from cnnstudio.learning.assignments.grading.grade import grade_folder
from cnnstudio.learning.assignments.key import DESCRIPTION, OpenKey, token_of
from cnnstudio.learning.assignments.model import Assignment, Key, Known, Limits
from cnnstudio.learning.assignments.opening import FOLDER
from cnnstudio.learning.assignments.pictures import print_of
from cnnstudio.learning.assignments.weights import count_parameters
from cnnstudio.workers.runs.folder import RunFolder
from tests.engine.collections_of_pictures import CLASSES
from tests.engine.conftest import Recorder


def _key(root: Path) -> OpenKey:
    """The pictures of the trained run: its test pictures are the hidden ones."""
    known = []
    for place, path in enumerate(sorted(root.rglob("*.png"))):
        number, fingerprint = place % 20, print_of(path)
        assert fingerprint is not None
        known.append(Known(path=path.relative_to(root).as_posix(), class_name=path.parent.name,
                           split=("train", "train", "train", "validation", "hidden")[number % 5], sha256=fingerprint.sha256,
                           hash=fingerprint.hash, signature=fingerprint.signature))
    assignment = Assignment(id="a1", title=Text("Three", "Tres"), goal=Text("", ""), class_names=CLASSES, threshold=0.8,
                            limits=Limits(parameters=1000), token=token_of(tuple(known)))
    return OpenKey(Key(assignment=assignment, pictures=tuple(known)), root)


def _in_process(job):
    recorder = Recorder()
    try:
        last = evaluate(job, recorder)
    except ProblemError as problem_error:
        return None, Failed(problem=problem_error.problems[0])
    return recorder.of(Evaluated)[0], last


def test_a_real_model_is_graded_on_the_hidden_pictures(trained, tmp_path):
    trained_run, root = trained
    key = _key(root)
    project = tmp_path / "project"
    shutil.copytree(trained_run.folder, project / "runs" / trained_run.id)
    run = RunFolder(project / "runs" / trained_run.id)
    run.events_path.write_bytes(b"")
    # An honest student does not have the hidden pictures.
    given = [line for line in run.manifest_path.read_text().splitlines() if json.loads(line).get("split") != "test"]
    run.manifest_path.write_text("\n".join(given) + "\n")
    (project / PROJECT_FILE).write_bytes(encode_project(run.spec()))
    (project / FOLDER).mkdir(exist_ok=True)
    (project / FOLDER / DESCRIPTION).write_bytes(msgspec.json.encode(key.key.assignment))
    hand_ins = tmp_path / "hand-ins"
    hand_ins.mkdir()
    write_capsule(project, hand_ins / "ana.zip", run.id, "Ana", {})
    # The model's file itself says how large the network is.
    assert count_parameters(run.model_path) == run_facts(run).parameters

    with zipfile.ZipFile(hand_ins / "ana.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    model = next(name for name in files if name.endswith("model.keras"))
    inner = tmp_path / "model.keras"
    inner.write_bytes(files[model])
    with zipfile.ZipFile(inner) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    marker = tmp_path / "ran"
    config = json.loads(parts["config.json"])
    layer = {"module": "keras.layers", "class_name": "Lambda", "registered_name": None, "build_config": None, "config": {
        "name": "evil", "function": f"__import__('pathlib').Path({str(marker)!r}).touch()"}, "inbound_nodes": []}
    config["config"]["layers"].append(layer)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(inner, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    files[model] = inner.read_bytes()
    with zipfile.ZipFile(hand_ins / "eve.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)

    lines = {line.file: line for line in grade_folder(hand_ins, key, _in_process)}
    line = lines["ana.zip"]
    assert line.value is not None and line.value >= 0.8 and line.interval is not None
    assert line.interval[0] < line.value <= line.interval[1]
    assert {mark.check for mark in line.marks if mark.level == "wrong"} <= {"identical"}
    assert line.parameters == run_facts(run).parameters
    eve = lines["eve.zip"]
    assert eve.value is None and {"goal", "files"} <= {mark.check for mark in eve.marks if mark.level == "wrong"}
    assert not marker.exists()
