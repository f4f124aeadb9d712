"""The clusters that the user has added."""

from __future__ import annotations

import pytest

from cnnstudio.core.clusters import (
    Cluster,
    clusters_path,
    complete_address,
    find_cluster,
    is_loopback,
    keep_cluster,
    read_clusters,
    remove_cluster,
)
from cnnstudio.core.problems import ProblemError


@pytest.mark.parametrize(("text", "address"), [
    ("lab", "http://lab:8265"), ("lab:80", "http://lab:80"), ("https://lab.example.org/", "https://lab.example.org:443"),
    (" http://10.0.0.5:8265 ", "http://10.0.0.5:8265"), ("http://[fd00::1]:8265", "http://[fd00::1]:8265"),
    ("", ""), ("ftp://lab", ""), ("http://user:secret@lab", ""), ("http://lab/path", ""), ("a b", ""), ("lab:port", ""),
    ("lab:99999", "")])
def test_addresses_are_completed_or_refused(text, address):
    assert complete_address(text) == address


@pytest.mark.parametrize(("address", "loopback"), [
    ("http://127.0.0.1:8265", True), ("http://127.8.9.1:8265", True), ("http://localhost:8265", True),
    ("http://[::1]:8265", True), ("http://10.0.0.1:8265", False), ("http://localhost.evil.org:8265", False),
    ("http://127.0.0.1.evil.org:8265", False)])
def test_loopback_is_this_computer_alone(address, loopback):
    assert is_loopback(address) == loopback


def test_clusters_are_kept_replaced_and_removed(tmp_path):
    assert read_clusters() == ()
    keep_cluster(Cluster(name="lab", address="lab", storage=str(tmp_path)))
    keep_cluster(Cluster(name="attic", address="attic:1", storage="s3://bucket/folder", gpus=2))
    kept = keep_cluster(Cluster(name="lab", address="lab:9000", storage=str(tmp_path), ranks=4))
    assert kept.address == "http://lab:9000"
    assert [cluster.name for cluster in read_clusters()] == ["attic", "lab"]
    assert find_cluster("lab").ranks == 4
    assert find_cluster("attic").storage == "s3://bucket/folder"
    remove_cluster("lab")
    with pytest.raises(ProblemError) as unknown:
        find_cluster("lab")
    assert unknown.value.problems[0].code == "no_cluster"
    assert "attic" in unknown.value.problems[0].text.en


def test_everything_that_is_wrong_is_told():
    with pytest.raises(ProblemError) as wrong:
        keep_cluster(Cluster(name="../x", address="no address", storage=" ", ranks=0, gpus=-1))
    assert [problem.where.field for problem in wrong.value.problems] == ["name", "address", "storage", "ranks", "gpus"]
    assert not clusters_path().exists()


def test_a_damaged_file_is_told():
    clusters_path().parent.mkdir(parents=True)
    clusters_path().write_text("{")
    with pytest.raises(ProblemError) as damaged:
        read_clusters()
    assert damaged.value.problems[0].code == "damaged_file"
