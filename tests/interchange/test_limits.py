"""Descriptions that were made to take very long are refused in words, and large ones take no quadratic step."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cnnstudio.core.graph import UniqueIds, unique_id
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.foreign import MOST_LAYERS
from cnnstudio.interchange.open import SUFFIXES, read_network


def chain(number: int) -> dict:
    """A chain whose layers stand in the file from the last to the first."""
    layers = [{"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8, 1], "name": "a0"}, "name": "a0",
               "inbound_nodes": []}]
    layers += [{"class_name": "Activation", "config": {"name": f"a{place}", "activation": "relu"}, "name": f"a{place}",
                "inbound_nodes": [[[f"a{place - 1}", 0, 0, {}]]]} for place in range(1, number)]
    return {"class_name": "Functional", "config": {"name": "m", "layers": layers[::-1], "input_layers": [["a0", 0, 0]],
                                                   "output_layers": [[f"a{number - 1}", 0, 0]]}}


def nested(depth: int) -> dict:
    model = {"class_name": "Sequential", "config": {"layers": []}}
    for _ in range(depth):
        model = {"class_name": "Sequential", "config": {"layers": [model, model]}}
    return model


@pytest.mark.parametrize("description", [chain(MOST_LAYERS + 1), chain(60_000), nested(12), nested(16)],
                         ids=["layers", "very many layers", "nested", "deeply nested"])
def test_a_description_of_more_than_any_network_is_refused(tmp_path, description):
    (tmp_path / "m.json").write_text(json.dumps(description))
    with pytest.raises(ProblemError) as raised:
        read_network(tmp_path / "m.json")
    assert raised.value.problems[0].code == "network_too_large"


def test_layers_in_the_wrong_order_are_connected_without_trying_all_of_them_again(tmp_path, monkeypatch):
    from cnnstudio.interchange.keras_file import model

    calls = []
    sources = model.sources
    monkeypatch.setattr(model, "sources", lambda node: calls.append(node) or sources(node))
    (tmp_path / "m.json").write_text(json.dumps(chain(300)))
    network = read_network(tmp_path / "m.json").network
    assert [edge.source for edge in network.edges] == [f"a{place}" for place in range(299)]
    assert len(calls) < 1000


def test_unique_ids_are_those_of_unique_id():
    ids, taken = UniqueIds(), ["b_2", "a_3"]
    for wanted in ("a", "b", "a", "a", "b", "c", "a_2", "a"):
        identifier = ids.find(wanted, taken)
        assert identifier == unique_id(wanted, taken)
        taken.append(identifier)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in the file system")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_that_has_the_name_of_a_network_is_not_waited_for(tmp_path: Path, suffix):
    os.mkfifo(tmp_path / f"m{suffix}")
    with pytest.raises(ProblemError):
        read_network(tmp_path / f"m{suffix}")
