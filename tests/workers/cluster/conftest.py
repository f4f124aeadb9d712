"""A fake cluster, a run, and the storage between them."""

from __future__ import annotations

import sys

import msgspec
import pytest

from cnnstudio.core.clusters import Cluster, keep_cluster
from cnnstudio.core.project import Project
from cnnstudio.workers.cluster.probe import MARK, Host, Probed, own_versions
from cnnstudio.workers.cluster.tokens import keep_token
from cnnstudio.workers.runs.folder import create_run
from tests.workers.cluster.fake_ray import TOKEN, FakeRay


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    """No test touches the keyring of the system."""
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def ray():
    fake = FakeRay()
    versions = own_versions() | {"jax": "0.10.0", "ray": "2.60.0"}
    probed = Probed(python="3.11.7", versions=versions, hosts=(Host(name="a", cpus=4.0), Host(name="b", cpus=4.0)))
    fake.log = f"starting\n{MARK}{msgspec.json.encode(probed).decode()}\n"
    yield fake
    fake.close()


@pytest.fixture
def cluster(ray, tmp_path):
    (tmp_path / "storage").mkdir()
    item = keep_cluster(Cluster(name="lab", address=ray.address, storage=str(tmp_path / "storage"), ranks=2))
    keep_token("lab", TOKEN)
    return item


@pytest.fixture
def run(tmp_path):
    def write(path):
        path.write_text('{"root": "/", "class_names": ["a", "b"], "label_mode": "int"}\n')

    return create_run(tmp_path / "project", Project(name="p"), write)
