"""What the hosts get of a run."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.network import BASE, NetworkSpec, Node
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import job_folder
from cnnstudio.workers.cluster.mirror import fetch_run
from cnnstudio.workers.cluster.sending import run_files, send_run, send_weights
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.folder import RunFolder


@pytest.fixture
def storage(tmp_path):
    (tmp_path / "storage").mkdir()
    return Storage(str(tmp_path / "storage"))


def put(path, content=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_specs_beginning_and_own_bases_arrive(storage, run, tmp_path):
    for name in ("start/model.keras", "start/spec.json", "checkpoints/epoch-00001-000000.ckpt", "model.keras", "events.jsonl",
                 "worker.log", ".lock", "evaluation-test.npz", "pictures.json"):
        put(run.folder / name, name.encode())
    put(run.project_folder / "bases" / "mine.keras", b"own base")
    assert "checkpoints/epoch-00001-000000.ckpt" in [path.relative_to(run.folder).as_posix() for path in run_files(run, True)]
    send_run(storage, "job-1", run, resume=False)
    there = RunFolder(tmp_path / "host" / "project" / "runs" / run.id)
    fetch_run(storage, "job-1", there)
    names = sorted(path.relative_to(there.folder).as_posix() for path in there.folder.rglob("*") if path.is_file())
    assert names == ["data.json", "manifest.jsonl", "pictures.json", "spec.json", "start/model.keras", "start/spec.json"]
    assert (there.project_folder / "bases" / "mine.keras").read_bytes() == b"own base"


def test_downloaded_weights_are_sent_once(storage, run):
    base = next(base for base in BASES if not base.weights.bundled)
    network = NetworkSpec(nodes=(Node(id="base", type=BASE, params={"base": base.id}),), edges=())
    project = msgspec.structs.replace(run.spec(), network=network)
    assert send_weights(storage, project) == ()
    put(base.weights.cached, b"weights")
    assert send_weights(storage, project) == (base.weights.cached.name,)
    name = f"{layout.WEIGHTS}/{base.weights.cached.name}"
    assert storage.read(name) == b"weights"
    storage.write(name, b"WEIGHTS")
    send_weights(storage, project)
    assert storage.read(name) == b"WEIGHTS"
    bundled = next(base for base in BASES if base.weights.bundled)
    network = NetworkSpec(nodes=(Node(id="base", type=BASE, params={"base": bundled.id}),), edges=())
    assert send_weights(storage, msgspec.structs.replace(project, network=network)) == ()
    assert not storage.sizes(job_folder("job-1"))
