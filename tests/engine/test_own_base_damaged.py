"""Files of bases that are not what they seem are refused before their weights are read."""

from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.own_base import resolver
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from tests.engine.own_bases import built, lenet, saved, started, stirred, taken


def rewritten(path, change):
    """The archive with its weights changed by a function of the open HDF5 file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    inner = path.with_suffix(".h5")
    inner.write_bytes(members["model.weights.h5"])
    with h5py.File(inner, "r+") as weights:
        change(weights)
    members["model.weights.h5"] = inner.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def external_link(weights):
    group = weights["layers/conv2d/vars"]
    del group["0"]
    group["0"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft_link(weights):
    del weights["layers/conv2d"]
    weights["layers/conv2d"] = h5py.SoftLink("/layers/conv2d_1")


def external_data(weights):
    group = weights["layers/conv2d/vars"]
    shape = group["0"].shape
    del group["0"]
    group.create_dataset("0", shape=shape, dtype="f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])


def not_finite(weights):
    weights["layers/conv2d/vars/0"][0, 0, 0, 0] = np.nan


def other_shape(weights):
    group = weights["layers/conv2d/vars"]
    del group["1"]
    group["1"] = np.zeros((7, 7, 7, 7), "f4")


def smaller(weights):
    group = weights["layers/conv2d/vars"]
    del group["1"]
    group["1"] = np.zeros(2, "f4")


def declared_only(weights):
    group = weights["layers/conv2d/vars"]
    del group["1"]
    group.create_dataset("1", shape=(1 << 33,), dtype="f4", chunks=(1 << 16,), compression="gzip")


def words(weights):
    group = weights["layers/conv2d/vars"]
    del group["1"]
    group["1"] = np.array([b"abcdef"] * 6)


def missing(weights):
    del weights["layers/conv2d_1"]


@pytest.mark.parametrize(("change", "code"), [
    (external_link, "own_base_damaged"), (soft_link, "own_base_damaged"), (external_data, "own_base_damaged"),
    (not_finite, "own_base_damaged"), (other_shape, "own_base_damaged"),
    (smaller, "weights_unfit"), (declared_only, "own_base_damaged"), (words, "own_base_damaged"),
    (missing, "own_base_damaged")])
def test_weights_that_are_not_plain_numbers_of_the_right_shape_are_refused(change, code, place, tmp_path):
    path = saved(lenet(), tmp_path / "bad.keras")
    rewritten(path, change)
    base = ProjectBases(place).require_own(copy_into_project(path, place))
    project = started(base)
    with pytest.raises(ProblemError) as told:
        built(base, project)
    assert [problem.code for problem in told.value.problems] == [code]
    assert told.value.problems[0].text.es


def test_a_changed_or_cut_off_file_is_refused_before_its_weights_are_read(place, monkeypatch):
    monkeypatch.setattr(resolver, "_CHECKED_AT_ONCE", 0)
    base = taken(stirred(lenet()), place)
    project = started(base)
    path = place / base.own.file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ProblemError) as told:
        built(base, project)
    assert told.value.problems[0].code == "own_base_changed"
