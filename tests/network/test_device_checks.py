"""What several devices that share a batch cannot do, and what mends it."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.core import edits
from cnnstudio.core.edits import set_field
from cnnstudio.core.item import Item
from cnnstudio.core.training import TRAINING_PARAMS, with_settings
from cnnstudio.network.checks import check_training
from cnnstudio.network.device_checks import too_many_problem, uneven_problem
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.new_project import Facts, new_project

PROJECT = new_project("x", "/pictures", Facts(classes=("a", "b", "c")))


def shared(**settings):
    return edits.replace(PROJECT, training=with_settings(PROJECT.training, **{"devices": 2, "batch_size": 32} | settings))


def clipped(name, **settings):
    return shared(optimizer=Item(type="sgd", params={"learning_rate": 0.1, name: 0.5}), **settings)


@pytest.mark.parametrize(("project", "code", "field"), [
    (shared(backend="torch"), "devices_torch", "devices"),
    (shared(device="cpu"), "devices_processor", "devices"),
    (shared(batch_size=33), "devices_uneven", "devices"),
    (shared(batch_size=4, devices=8), "devices_uneven", "devices"),
    (shared(batch_size=33, backend="jax"), "devices_uneven", "devices"),
    (shared(accumulation=2), "devices_accumulation", "accumulation"),
    (shared(jit_compile="on"), "devices_xla", "jit_compile"),
    *((clipped(name), "devices_clipping", name) for name in ("clipnorm", "clipvalue", "global_clipnorm")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_each_is_refused_and_every_fix_mends_it(project, code, field):
    (problem,) = check_training(project, BUILT_IN)
    assert (problem.code, problem.where.field, problem.blocks) == (code, field, True)
    assert problem.text.en != problem.text.es
    assert problem.fixes
    for fix in problem.fixes:
        assert not [other for other in check_training(apply_fix(project, fix), BUILT_IN) if other.blocks]


@pytest.mark.parametrize("project", [
    shared(), shared(devices="all", batch_size=7), shared(backend="jax", accumulation=2, jit_compile="on"),
    clipped("clipnorm", backend="jax"), clipped("clipnorm", devices=1), shared(devices=1, backend="torch", accumulation=3)])
def test_what_can_be_is_not_refused(project):
    assert check_training(project, BUILT_IN) == ()


def test_all_problems_come_at_once():
    project = shared(batch_size=33, accumulation=2, jit_compile="on", device="cpu")
    assert [problem.code for problem in check_training(project, BUILT_IN)] == [
        "devices_processor", "devices_uneven", "devices_accumulation", "devices_xla"]


@pytest.mark.parametrize(("devices", "batch", "fitting"), [(2, 33, 32), (8, 4, 8), (3, 32, 33)])
def test_the_proposed_batch_is_the_nearest_that_is_shared_equally(devices, batch, fitting):
    problem = uneven_problem(shared(batch_size=batch).training, devices)
    assert problem.fixes[0].arguments["value"] == fitting
    assert str(fitting) in problem.text.es


def test_devices_that_are_not_there_are_named_with_what_to_do():
    one = too_many_problem(2, ("GPU: A",))
    assert "GPU: A" in one.text.en and [fix.arguments["value"] for fix in one.fixes] == [1]
    two = too_many_problem(4, ("GPU: A", "GPU: B"))
    assert [fix.arguments["value"] for fix in two.fixes] == ["all", 1]
    assert "GPU: B" in two.text.es


@pytest.mark.parametrize(("value", "codes"), [(1, []), (8, []), ("all", []), (0, ["value"]), (9, ["value", "devices_uneven"]),
                                             (-2, ["value"])])
def test_the_number_is_one_of_the_list(value, codes):
    project = set_field(PROJECT, "training", "devices", value)
    assert [problem.code for problem in check_training(project, BUILT_IN)] == codes


def test_a_number_is_a_number_on_the_command_line_too():
    param = next(param for param in TRAINING_PARAMS if param.name == "devices")
    assert (param.parse("2"), param.parse("ALL")) == (2, "all")
