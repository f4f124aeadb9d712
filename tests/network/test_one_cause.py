"""One cause is one problem: a missing connection, a loop, an unused branch."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core import edits
from cnnstudio.core.network import Edge, Node
from cnnstudio.network.checks import check_network
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.new_project import Facts, new_project

CLASSES = ("cat", "dog", "cow")


def project(template="lenet5"):
    return new_project("x", "/p", Facts(classes=CLASSES), template=template)


def blocking(changed):
    return [problem for problem in check_network(changed, len(CLASSES), BUILT_IN) if problem.blocks]


@pytest.mark.parametrize("number", range(8))
def test_a_deleted_connection_is_one_problem_that_reconnects(number):
    before = project()
    edge = before.network.edges[number]
    cut = edits.disconnect(before, edge)
    (problem,) = blocking(cut)
    assert (problem.code, problem.where.node) == ("not_connected", edge.target)
    fix = problem.fixes[0]
    assert fix.label.en == f"Reconnect {edge.source} → {edge.target}"
    mended = apply_fix(cut, fix)
    assert set(mended.network.edges) == set(before.network.edges)
    assert not blocking(mended)


def test_in_a_branched_network_every_deleted_connection_is_one_problem_and_its_first_fix_mends():
    before = project("residual")
    assert not blocking(before)
    for edge in before.network.edges:
        cut = edits.disconnect(before, edge)
        (problem,) = blocking(cut)
        assert problem.where.node == edge.target
        assert not blocking(apply_fix(cut, problem.fixes[0])), edge


def test_every_template_is_without_problems_and_two_causes_are_two_problems():
    before = project()
    cut = edits.disconnect(edits.disconnect(before, before.network.edges[1]), before.network.edges[4])
    assert [problem.code for problem in blocking(cut)] == ["not_connected", "not_connected"]
    assert "lenet5" in TEMPLATES.ids()


def test_a_loop_is_one_problem():
    before = project()
    nodes = [node.id for node in before.network.nodes]
    network = edits.replace(before.network, edges=(*before.network.edges[:1], Edge(source=nodes[4], target=nodes[1]),
                                                   *before.network.edges[1:]))
    looped = edits.set_network(before, network)
    (problem,) = [problem for problem in blocking(looped) if problem.code == "cycle"]
    assert not [problem for problem in blocking(apply_fix(looped, problem.fixes[0])) if problem.code == "cycle"]
    assert {problem.code for problem in blocking(looped)} <= {"cycle", "too_many_inputs"}


def test_an_unused_branch_is_one_problem_and_goes_as_a_whole():
    before = project()
    first = before.network.nodes[1].id
    branched = before
    for name in ("one", "two", "three"):
        branched = edits.add_node(branched, Node(id=name, type="ReLU"))
    extra = (Edge(source=first, target="one"), Edge(source="one", target="two"), Edge(source="two", target="three"))
    kept = tuple(edge for edge in branched.network.edges if edge.target not in ("one", "two", "three")
                 and edge.source not in ("one", "two", "three"))
    branched = edits.set_network(branched, edits.replace(branched.network, edges=(*kept, *extra)))
    (problem,) = blocking(branched)
    assert (problem.code, problem.where.node) == ("dead_end", "one")
    assert "3" in problem.text.en
    mended = apply_fix(branched, problem.fixes[0])
    assert not blocking(mended)
    assert len(mended.network.nodes) == len(before.network.nodes)
