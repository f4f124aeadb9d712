"""Files of features, and the pictures that are nearest to one."""

import numpy as np
import pytest

from cnnstudio.evaluation import feature_sets
from cnnstudio.evaluation.feature_sets import (
    FeatureSet,
    find_feature_set,
    nearest,
    typical_distances,
    write_feature_set,
)


def make_set(count=50, size=7, dtype="float32", seed=1):
    features = np.random.default_rng(seed).normal(size=(count, size)).astype(dtype)
    return FeatureSet(features, tuple(f"/pictures/ñ {number}.png" for number in range(count)), np.arange(count) % 3 - 1,
                      ("cat", "dog"), "pooling", "output")


def cosine_distances(features, queries):
    first, second = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (
        features.astype(np.float64), queries.astype(np.float64)))
    return 1 - second @ first.T


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_set_is_read_as_it_was_written(tmp_path, dtype):
    written = make_set(dtype=dtype)
    write_feature_set(tmp_path / "features.set", written)
    found = find_feature_set(tmp_path / "features.set")
    assert isinstance(found.features, np.memmap)
    assert found.features.dtype == dtype
    np.testing.assert_array_equal(found.features, written.features)
    np.testing.assert_array_equal(found.labels, written.labels)
    assert (found.paths, found.class_names, found.layer, found.classifier) == (
        written.paths, written.class_names, "pooling", "output")
    assert [found.class_name(number) for number in range(3)] == ["", "cat", "dog"]


def test_a_damaged_set_counts_as_missing(tmp_path):
    path = tmp_path / "features.set"
    assert find_feature_set(path) is None
    write_feature_set(path, make_set())
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], b"{}\n" + whole,
                    whole.replace(b'"size":7', b'"size":8', 1), whole.replace(b'"labels":[-1', b'"labels":[9', 1)):
        path.write_bytes(damaged)
        assert find_feature_set(path) is None, damaged[:40]
    path.write_bytes(whole)
    assert find_feature_set(path) is not None


@pytest.mark.parametrize("block", [1, 40, 1 << 22])
def test_the_nearest_are_exact_in_blocks_of_any_size(monkeypatch, block):
    monkeypatch.setattr(feature_sets, "_PAIRS", block)
    found, queries = make_set(60).features, make_set(9, seed=5).features
    wanted = cosine_distances(found, queries)
    rows, distances = nearest(found, queries, 4)
    np.testing.assert_array_equal(rows, np.argsort(wanted, axis=1, kind="stable")[:, :4])
    np.testing.assert_allclose(distances, np.sort(wanted, axis=1)[:, :4], atol=1e-5)


def test_of_equal_pictures_the_first_is_nearest_and_what_is_missing_is_told():
    same = np.ones((40, 3), np.float32)
    rows, distances = nearest(same, same[:2], 3, without_self=True)
    assert rows.tolist() == [[1, 2, 3], [0, 2, 3]]
    np.testing.assert_allclose(distances, 0, atol=1e-6)
    rows, distances = nearest(same[:2], same[:1], 4)
    assert rows.tolist() == [[0, 1, -1, -1]]
    assert np.isnan(distances[0, 2:]).all()


def test_a_picture_is_not_its_own_neighbour():
    found = make_set()
    near = found.nearest(found.features[7], 5, without=found.paths[7])
    assert len(near) == 5
    assert found.paths[7] not in [item.path for item in near]
    assert [item.distance for item in near] == sorted(item.distance for item in near)
    assert found.nearest(found.features[7], 1)[0].path == found.paths[7]
    assert all(item.class_name == found.class_name(found.paths.index(item.path)) for item in near)


def test_rows_without_direction_have_nothing_in_common_with_others():
    features = np.asarray([[0, 0], [np.nan, 1], [np.inf, 1], [1, 0]], np.float32)
    _rows, distances = nearest(features, features[3:], 4)
    assert np.isfinite(distances).all()
    assert distances[0].max() == pytest.approx(1)


def test_typical_distances_are_those_to_the_nearest_other_picture():
    found = make_set(30).features
    wanted = cosine_distances(found, found)
    np.fill_diagonal(wanted, np.inf)
    np.testing.assert_allclose(typical_distances(found), np.sort(wanted.min(axis=1)), atol=1e-5)
    assert len(typical_distances(found[:1])) == 0
    assert typical_distances(np.ones((4, 2), np.float32)).max() == pytest.approx(0, abs=1e-6)
