"""Groups, notes, pasting and aligning: pure edits that keep the network whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.core import edits, network_edits
from cnnstudio.core.graph import topological_order
from cnnstudio.core.groups import border_nodes, expand_repeats, is_repeatable, repeat_count
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project


def project(*edges: str) -> Project:
    """Layers and connections written as "a>b"; "in" is the Input."""
    pairs = [tuple(edge.split(">")) for edge in edges]
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    ports: dict[str, int] = {}
    built = []
    for source, target in pairs:
        built.append(Edge(source=source, target=target, port=ports.get(target, 0)))
        ports[target] = ports.get(target, 0) + 1
    nodes = tuple(Node(id=name, type="Input" if name == "in" else "ReLU") for name in names)
    return edits.set_network(Project(), NetworkSpec(nodes=nodes, edges=tuple(built)))


RESIDUAL = ("in>a", "a>b", "b>c", "a>add", "c>add", "add>out")


def pairs(network: NetworkSpec) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in network.edges}


def test_a_block_is_repeated_in_a_row():
    spec = network_edits.group_nodes(project(*RESIDUAL), ["b", "c", "add"], "Residual")
    spec = network_edits.set_group(spec, "block", repeat=3)
    (group,) = spec.network.groups
    assert border_nodes(spec.network, group) == ({"a"}, {"add"})
    whole, copies = expand_repeats(spec.network)
    assert copies == {"b_r2": "b", "c_r2": "c", "add_r2": "add", "b_r3": "b", "c_r3": "c", "add_r3": "add"}
    assert pairs(whole) == {
        ("in", "a"), ("a", "b"), ("b", "c"), ("a", "add"), ("c", "add"),
        ("add", "b_r2"), ("b_r2", "c_r2"), ("add", "add_r2"), ("c_r2", "add_r2"),
        ("add_r2", "b_r3"), ("b_r3", "c_r3"), ("add_r2", "add_r3"), ("c_r3", "add_r3"), ("add_r3", "out")}
    # The ports of what merges are those of the original: the order of inputs is part of the network.
    assert whole.inputs_of("add_r3") == ("add_r2", "c_r3")
    assert topological_order([node.id for node in whole.nodes], pairs(whole))[1] == []


def test_what_has_two_ways_in_or_out_stands_once():
    spec = network_edits.group_nodes(project("in>a", "in>b", "a>c", "b>c", "a>d", "c>out", "d>out"), ["a", "c"])
    spec = network_edits.set_group(spec, "block", repeat=4)
    assert not is_repeatable(spec.network, spec.network.groups[0])
    assert expand_repeats(spec.network) == (spec.network, {})
    assert repeat_count(spec.network, spec.network.groups[0]) == 1


def test_a_layer_is_in_one_group_and_an_empty_group_goes():
    spec = network_edits.group_nodes(project(*RESIDUAL), ["b", "c"], "first")
    spec = network_edits.group_nodes(spec, ["c", "add", "in"], "second")
    assert [(group.name, group.nodes) for group in spec.network.groups] == [("first", ("b",)), ("second", ("c", "add"))]
    spec = edits.rename_node(spec, "b", "branch")
    assert spec.network.group_of("branch").name == "first"
    spec = edits.remove_nodes(spec, ["branch"])
    assert [group.name for group in spec.network.groups] == ["second"]
    assert network_edits.ungroup(spec, "block_2").network.groups == ()
    assert network_edits.group_nodes(spec, ["in"]) is spec


@pytest.mark.parametrize("changes", [{"repeat": 0}, {"repeat": 10_000}, {"name": "  "}])
def test_impossible_values_of_a_group_are_refused(changes):
    spec = network_edits.group_nodes(project(*RESIDUAL), ["b"])
    with pytest.raises(ProblemError):
        network_edits.set_group(spec, "block", **changes)


def test_notes_come_change_and_go():
    spec = network_edits.add_note(project("in>a"), "Why?", (1.0, 2.0))
    spec = network_edits.set_note(spec, "note", text="Because", position=(3.0, 4.0))
    assert (spec.network.notes[0].text, spec.network.notes[0].position) == ("Because", (3.0, 4.0))
    assert network_edits.set_note(spec, "note", text=" ").network.notes == ()
    assert network_edits.remove_notes(spec, ["note"]).network.notes == ()


def test_a_piece_is_pasted_into_a_connection_of_another_network():
    first = network_edits.group_nodes(project(*RESIDUAL), ["b", "c", "add"], "Residual")
    part = network_edits.subnetwork(first.network, ["b", "c", "add"])
    assert [group.name for group in part.groups] == ["Residual"]
    other = project("in>b", "b>out")
    edge = next(edge for edge in other.network.edges if edge.target == "out")
    pasted, new = network_edits.paste(other, part, edge=edge)
    assert new == ["b_2", "c", "add"]
    assert pairs(pasted.network) == {("in", "b"), ("b", "b_2"), ("b_2", "c"), ("c", "add"), ("add", "out")}
    assert pasted.network.groups[0].nodes == ("b_2", "c", "add")
    # A second Input is never pasted.
    whole, new = network_edits.paste(other, first.network)
    assert sum(node.type == "Input" for node in whole.network.nodes) == 1
    assert "in_2" not in new


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=24), st.sets(st.integers(0, 11), min_size=1),
       st.integers(1, 5))
def test_repetitions_keep_the_network_acyclic_and_whole(links, members, repeat):
    nodes = tuple(Node(id=str(number), type="ReLU") for number in range(12))
    edges = tuple(dict.fromkeys(Edge(source=str(min(pair)), target=str(max(pair))) for pair in links if pair[0] != pair[1]))
    spec = edits.set_network(Project(), NetworkSpec(nodes=nodes, edges=edges))
    spec = network_edits.set_group(network_edits.group_nodes(spec, map(str, members)), "block", repeat=repeat)
    whole, copies = expand_repeats(spec.network)
    names = [node.id for node in whole.nodes]
    assert len(set(names)) == len(names) == 12 + len(copies)
    assert {edge.source for edge in whole.edges} | {edge.target for edge in whole.edges} <= set(names)
    assert topological_order(names, pairs(whole))[1] == []
    assert len(copies) in (0, (repeat - 1) * len(members))


boxes = st.dictionaries(st.text("abcdef", min_size=1, max_size=3),
                        st.tuples(*[st.floats(-500, 500)] * 2, st.floats(1, 300), st.floats(1, 100)), max_size=6)


@given(boxes)
def test_aligned_boxes_share_a_line_and_distributed_ones_a_gap(found):
    left = network_edits.aligned_positions(found, "left")
    assert len({place[0] for place in left.values()}) <= 1
    for side in ("left", "center", "right", "top", "middle", "bottom"):
        again = {name: (*place, *found[name][2:]) for name, place in network_edits.aligned_positions(found, side).items()}
        for name, place in network_edits.aligned_positions(again, side).items():
            assert place == pytest.approx(again[name][:2], abs=1e-6)
    spread = network_edits.distributed_positions(found, down=True)
    if len(found) > 2:
        ordered = sorted(found, key=lambda name: found[name][1])
        gaps = [spread[after][1] - spread[before][1] - found[before][3]
                for before, after in zip(ordered, ordered[1:], strict=False)]
        assert gaps == pytest.approx([gaps[0]] * len(gaps), abs=1e-6)
