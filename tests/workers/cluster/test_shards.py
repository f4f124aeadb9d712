"""Pictures as content-addressed shards: only what is missing is sent, and what is damaged is told."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster.shards import (
    FOLDER,
    Catalogue,
    Row,
    cut_in_shards,
    missing_shards,
    read_rows,
    send_shards,
    share_of,
)
from cnnstudio.workers.cluster.storage import Storage

SHAPE = (2, 3, 1)


def nothing(*_arguments):
    pass


def pixels(names):
    return np.stack([np.full(SHAPE, int(name, 16) % 251, np.uint8) for name in names])


def hashes(count, begin=0):
    return [f"{number * 2_654_435_761 % 2**32:08x}" for number in range(begin, begin + count)]


def sent(storage, names, rows=pixels):
    groups = cut_in_shards(names, 8)
    shards, size = send_shards(storage, groups, rows, nothing, nothing)
    places = {name: (number, row) for number, group in enumerate(groups) for row, name in enumerate(group)}
    return Catalogue(shape=SHAPE, shards=tuple(shards), train=tuple(Row(*places[name], 0, name) for name in names)), size


@pytest.fixture
def storage(tmp_path):
    return Storage(str(tmp_path))


def test_pictures_come_back_as_they_were_sent(storage):
    names = hashes(100)
    catalogue, size = sent(storage, names)
    assert size == 100 * 6
    target = np.zeros((100, *SHAPE), np.uint8)
    read_rows(storage, catalogue, catalogue.train, target, nothing, nothing)
    assert np.array_equal(target, pixels(names))


def test_only_what_is_missing_is_sent(storage):
    catalogue, size = sent(storage, hashes(400))
    assert sent(storage, hashes(400))[1] == 0
    changed = sent(storage, hashes(401))[1]
    assert 0 < changed < size / 4
    os.truncate(storage.path(f"{FOLDER}/{catalogue.shards[0].name}"), 3)
    assert sent(storage, hashes(400))[1] == catalogue.shards[0].rows * 6


def test_a_cancelled_sending_goes_on_where_it_was(storage):
    class Stop(Exception):
        pass

    calls = []

    def check():
        calls.append(1)
        if len(calls) == 5:
            raise Stop

    groups = cut_in_shards(hashes(200), 8)
    with pytest.raises(Stop):
        send_shards(storage, groups, pixels, nothing, check)
    there = sum(storage.sizes(FOLDER).values())
    assert there
    assert send_shards(storage, groups, pixels, nothing, nothing)[1] == 200 * 6 - there


def test_missing_and_damaged_shards_are_told(storage):
    catalogue, _ = sent(storage, hashes(50))
    path = storage.path(f"{FOLDER}/{catalogue.shards[-1].name}")
    with open(path, "r+b") as file:
        file.write(b"\xff\xfe")
    target = np.zeros((50, *SHAPE), np.uint8)
    with pytest.raises(ProblemError) as damaged:
        read_rows(storage, catalogue, catalogue.train, target, nothing, nothing)
    assert damaged.value.problems[0].code == "shard_damaged"
    assert not list(missing_shards(storage, catalogue))
    os.unlink(path)
    with pytest.raises(ProblemError) as missing:
        read_rows(storage, catalogue, catalogue.train, target, nothing, nothing)
    assert missing.value.problems[0].code == "shard_missing"
    assert [shard.name for shard in missing_shards(storage, catalogue)] == [catalogue.shards[-1].name]


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_shares_are_all_pictures_once_and_whole_shards_but_for_the_ends(storage, world):
    catalogue, _ = sent(storage, hashes(100))
    shares = [share_of(catalogue.train, rank, world) for rank in range(world)]
    assert sorted(place for share in shares for place in share) == list(range(100))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert all(share == sorted(share) for share in shares)
    ranks_of = {number: {rank for rank, share in enumerate(shares) for place in share if catalogue.train[place].shard == number}
                for number in range(len(catalogue.shards))}
    assert sum(len(ranks) - 1 for ranks in ranks_of.values()) <= world - 1


def test_a_full_and_a_missing_storage_are_told(storage, tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ProblemError) as no_space:
            sent(storage, hashes(20))
    assert no_space.value.problems[0].code == "storage_full"
    assert not storage.sizes(FOLDER)
    with pytest.raises(ProblemError) as missing:
        Storage(str(tmp_path / "nowhere")).check()
    assert missing.value.problems[0].code == "storage_unusable"
    assert not (tmp_path / "nowhere").exists()


def test_any_storage_of_fsspec_will_do():
    storage = Storage("memory://cnnstudio-shards")
    storage.check()
    names = hashes(60)
    catalogue, size = sent(storage, names)
    assert size
    assert sent(storage, names)[1] == 0
    target = np.zeros((60, *SHAPE), np.uint8)
    read_rows(storage, catalogue, catalogue.train, target, nothing, nothing)
    assert np.array_equal(target, pixels(names))
    assert storage.read("nothing") is None
    assert storage.size("nothing") is None
    storage.remove(FOLDER, whole_folder=True)
    assert not storage.sizes(FOLDER)
