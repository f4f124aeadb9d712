"""What the nearest pictures say, and files of maps."""

import numpy as np
import pytest

from cnnstudio.evaluation.feature_sets import Neighbour
from cnnstudio.evaluation.maps import EvaluationMap, find_evaluation_map, write_evaluation_map
from cnnstudio.evaluation.neighbourhood import judge_neighbourhood


def neighbours(classes, begin=0.1):
    return [Neighbour(path=f"{number}.png", class_name=name, distance=begin + number / 100)
            for number, name in enumerate(classes)]


@pytest.mark.parametrize(("classes", "begin", "label", "verdict"), [
    (["cat"] * 10, 0.1, "cat", "agrees"), (["cat"] * 10, 0.1, "", "agrees"), (["cat"] * 7 + ["dog"] * 3, 0.1, "dog", "label"),
    (["dog"] * 7 + ["cat"] * 3, 0.1, "dog", "answer"), (["cat"] * 6 + ["dog"] * 4, 0.1, "dog", "mixed"),
    (["bird"] * 9 + ["cat"], 0.1, "dog", "mixed"), (["cat"] * 10, 0.6, "dog", "unlike"), ([], 0.1, "dog", "nothing"),
    ([""] * 3, 0.1, "dog", "nothing"),
])
def test_the_votes_are_for_the_answer_or_the_label_or_neither(classes, begin, label, verdict):
    found = judge_neighbourhood(neighbours(classes, begin), 0.5, "cat", label)
    assert found.verdict == verdict
    assert "{" not in found.text.en + found.text.es
    assert [count for _name, count in found.votes] == sorted((count for _name, count in found.votes), reverse=True)
    assert sum(count for _name, count in found.votes) == len([name for name in classes if name])


def small_map(count=4, trained=5):
    random = np.random.default_rng(0)
    return EvaluationMap(
        split="test", layout="pca", layer="pooling", classifier="output", pooled=False, far=0.5, class_names=("cat", "dog"),
        paths=tuple(f"/ñ/{number}.png" for number in range(count)), labels=np.arange(count) % 2,
        position=random.normal(size=(count, 2)).astype(np.float32), train_paths=tuple(map(str, range(trained))),
        train_labels=np.zeros(trained, np.int64), train_position=np.full((trained, 2), np.nan, np.float32),
        near_train=np.zeros((count, 3), np.int32), near_train_distance=np.zeros((count, 3), np.float32),
        near_split=np.full((count, 3), -1, np.int32), near_split_distance=np.full((count, 3), np.nan, np.float32))


def test_a_map_is_read_as_it_was_written_and_a_damaged_one_counts_as_missing(tmp_path):
    path, written = tmp_path / "x.map", small_map()
    assert find_evaluation_map(path) is None
    write_evaluation_map(path, written)
    found = find_evaluation_map(path)
    np.testing.assert_array_equal(found.position, written.position)
    assert (found.paths, found.layer, found.far) == (written.paths, "pooling", 0.5)
    whole = path.read_bytes()
    for damaged in (b"", whole[:200], whole[:-40], bytes(2000)):
        path.write_bytes(damaged)
        assert find_evaluation_map(path) is None
    for wrong in ({"near_train": np.full((4, 3), 5, np.int32)}, {"labels": np.full(4, 2)},
                  {"position": np.zeros((3, 2), np.float32)}):
        from dataclasses import replace

        write_evaluation_map(path, replace(written, **wrong))
        assert find_evaluation_map(path) is None
