"""What can be varied: every fault is told, all at once; the settings of a trial are the project's but for its own."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.params import params_of
from cnnstudio.core.keys import get_value
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.search import Choices, Objective, Range, SearchSpec, Varied
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.search.grid import grid_size, grid_values
from cnnstudio.workers.search.importances import IMPORTANCES
from cnnstudio.workers.search.objectives import OBJECTIVES
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.space import Space, checked_space, parse_varied, trial_value, varied_text
from cnnstudio.workers.search.spec_checks import parse_objective, spec_problems
from cnnstudio.workers.search.special_keys import SPECIAL_KEYS
from cnnstudio.workers.search.terminators import TERMINATORS, Judged, standard_error

CLASSES = ("cat", "dog")
LENET = new_project("pets", "/nowhere", Facts(classes=CLASSES), template="lenet5")
ON_A_BASE = new_project("pets", "/nowhere", Facts(classes=CLASSES), base="efficientnet_lite0")


def checked(*texts, project=LENET):
    return checked_space(project, [parse_varied(text) for text in texts], CLASSES, BUILT_IN)


def codes(*texts, project=LENET):
    with pytest.raises(ProblemError) as raised:
        checked(*texts, project=project)
    return [(problem.code, problem.where.field) for problem in raised.value.problems]


@pytest.mark.parametrize(("text", "values"), [
    ("a.b=1e-4:0.1:log", Range(low=1e-4, high=0.1, log=True)),
    ("a=8:128", Range(low=8, high=128)),
    ("a=0:0.5:0.1", Range(low=0, high=0.5, step=0.1)),
    ("a=-1:1", Range(low=-1, high=1)),
    ("a=relu, tanh", Choices(values=("relu", "tanh"))),
    ("a=3,3;5,5", Choices(values=("3,3", "5,5"))),
    ("a=none,last:20,all", Choices(values=("none", "last:20", "all"))),
    ("a=8,16", Choices(values=("8", "16"))),
])
def test_forms_are_read_and_written(text, values):
    item = parse_varied(text)
    assert item.values == values and parse_varied(varied_text(item)) == item


@pytest.mark.parametrize("text", ["", "a", "=1:2", "a=", " = "])
def test_other_forms_are_refused(text):
    with pytest.raises(ProblemError) as raised:
        parse_varied(text)
    assert raised.value.problems[0].code == "bad_vary"


def test_every_fault_is_told_at_once():
    found = codes("training.optimizer.learning_rte=1e-4:1", "training.batch_size=0:12", "training.batch_size=8:16",
                  "network.conv.activation=relu,sigmod", "network.conv.kernel_size=3:5", "dataset.source=a,b",
                  "network.dense.units=10:5", "training.optimizer.learning_rate=0:1:log", "network.dense.units=8:16:0.5",
                  "training.epochs=1", "base=vgg16,vgg19", "augmentation.preset=light,heavy")
    assert sorted(found, key=str) == sorted([
        ("unknown_setting", "training.optimizer.learning_rte"), ("value", "training.batch_size"),
        ("varied_twice", "training.batch_size"), ("value", "network.conv.activation"),
        ("not_a_number", "network.conv.kernel_size"), ("not_varied", "dataset.source"), ("bad_range", "network.dense.units"),
        ("bad_range", "training.optimizer.learning_rate"), ("varied_twice", "network.dense.units"),
        ("few_choices", "training.epochs"), ("no_base", "base"), ("value", "augmentation.preset")], key=str)


def test_a_step_of_a_whole_number_is_whole():
    assert codes("network.dense.units=8:16:0.5") == [("bad_range", "network.dense.units")]


def test_the_last_step_of_a_range_is_inside():
    space = checked("network.dense.units=8:30:8", "training.optimizer.beta_1=0.5:0.95:0.1")
    assert [(item.values.low, item.values.high) for item in space.varied] == [(8, 24), (0.5, 0.9)]


def test_nothing_varied_is_a_fault():
    assert codes() == [("nothing_varied", "varied")]


def test_what_a_key_takes_decides_whether_numbers_are_whole():
    space = checked("training.batch_size=8:128:log", "training.optimizer.learning_rate=1:10", "network.dense.units=8:64:8")
    whole = {item.key: item.values.whole for item in space.varied}
    assert whole == {"training.batch_size": True, "training.optimizer.learning_rate": False, "network.dense.units": True}
    assert trial_value(space.varied[0], 31.0) == 31 and type(trial_value(space.varied[0], 31.0)) is int


def test_a_trial_is_the_project_with_its_values():
    space = checked("training.optimizer.learning_rate=1e-4:0.1:log", "network.conv.kernel_size=3;5", "training.loss=auto,"
                    "categorical_focal_crossentropy", "network.conv.use_bias=true,false")
    project = space.apply({"training.optimizer.learning_rate": 0.02, "network.conv.kernel_size": "3",
                           "training.loss": "auto", "network.conv.use_bias": "false"})
    assert get_value(project, "training.optimizer.learning_rate", params_of) == 0.02
    assert get_value(project, "network.conv.kernel_size", params_of) == (3, 3)
    assert get_value(project, "network.conv.use_bias", params_of) is False
    assert space.apply({}) == LENET


def test_the_choice_of_an_optimizer_brings_its_keys():
    space = checked("training.optimizer.momentum=0:0.99", "training.optimizer.learning_rate=1e-4:0.1:log",
                    "training.optimizer=adam,sgd")
    assert space.varied[0].key == "training.optimizer"
    with_sgd = space.put(LENET, "training.optimizer", "sgd")
    assert space.exists(with_sgd, "training.optimizer.momentum") and not space.exists(LENET, "training.optimizer.momentum")
    # Adam is the present one: chosen again it keeps its parameters.
    assert space.put(LENET, "training.optimizer", "adam") == LENET
    assert space.present() == {"training.optimizer": "adam", "training.optimizer.learning_rate": 0.001}


def test_present_values_outside_are_none():
    assert checked("training.batch_size=64:128").present() == {"training.batch_size": None}
    assert checked("network.conv.activation=relu,gelu").present() == {"network.conv.activation": None}
    assert checked("network.conv.filters=2:32:4", "network.conv.activation=relu,tanh").present() == {
        "network.conv.filters": 6, "network.conv.activation": "tanh"}
    assert checked("network.conv.filters=1:32:4").present() == {"network.conv.filters": None}


def test_another_base_takes_its_size():
    space = checked("base=efficientnet_lite0,mobilenet_v2,resnet50", "network.base.trainable_from=none,last:20,all",
                    project=ON_A_BASE)
    assert space.present() == {"base": "efficientnet_lite0", "network.base.trainable_from": "none"}
    changed = space.apply({"base": "resnet50", "network.base.trainable_from": "last:20"})
    assert changed.network.node("base").params == {"base": "resnet50", "trainable_from": "last:20"}
    assert (changed.recipe.height, changed.recipe.width) == (224, 224) and changed.network.origin == "resnet50"
    assert changed.training == ON_A_BASE.training


def test_augmentation_is_varied_as_a_whole():
    space = checked("augmentation.preset=none,light,strong")
    assert not space.apply({"augmentation.preset": "none"}).augmentation.steps
    assert len(space.apply({"augmentation.preset": "strong"}).augmentation.steps) > 4
    assert space.present() == {"augmentation.preset": "light"}


def test_a_grid_has_its_steps_or_five_numbers():
    assert grid_values(Varied(key="a", values=Range(low=0, high=0.5, step=0.25))) == [0, 0.25, 0.5]
    assert grid_values(Varied(key="a", values=Range(low=1e-4, high=1, log=True))) == [1e-4, 1e-3, 1e-2, 0.1, 1]
    assert grid_values(Varied(key="a", values=Range(low=1, high=3, whole=True))) == [1, 2, 3]
    assert grid_values(Varied(key="a", values=Range(low=8, high=128, log=True, whole=True))) == [8, 16, 32, 64, 128]
    both = (Varied(key="a", values=Choices(values=("x", "y"))), Varied(key="b", values=Range(low=0, high=1)))
    assert grid_size(both) == 10


def problems_of(**settings):
    spec = SearchSpec(**{"varied": (Varied(key="training.batch_size", values=Range(low=8, high=64, whole=True)),)} | settings)
    return [(problem.code, problem.where.field) for problem in spec_problems(LENET, spec)]


def test_a_usual_search_is_fine():
    assert problems_of() == [] == problems_of(pruner="median", sampler="grid", terminator="stagnation", seconds=5.0)


def test_all_faults_of_a_search():
    assert problems_of(trials=0, parallel=0, seed=-1, seconds=0.0, folds=1) == [
        ("bad_number", "trials"), ("bad_number", "parallel"), ("bad_number", "seed"), ("bad_number", "seconds"),
        ("bad_folds", "folds")]
    assert problems_of(sampler="tpx", pruner="x", terminator="y") == [
        ("unknown_sampler", "sampler"), ("unknown_pruner", "pruner"), ("unknown_terminator", "terminator")]
    assert problems_of(objectives=()) == [("bad_objective", "objectives")]
    assert problems_of(objectives=(Objective(name="val_acuracy"),)) == [("unknown_objective", "objectives")]
    assert problems_of(objectives=(Objective(name="val_accuracy"), Objective(name="parameters")), pruner="median",
                       terminator="regret") == [("pruner_objectives", "pruner"), ("terminator_objectives", "terminator")]
    assert problems_of(objectives=(Objective(name="latency"),), pruner="hyperband") == [("pruner_objectives", "pruner")]
    assert problems_of(pruner="wilcoxon") == [("pruner_folds", "folds")]
    steps = tuple(Varied(key=f"k{number}", values=Choices(values=tuple("abcdefghijk"))) for number in range(4))
    assert problems_of(varied=steps, sampler="grid") == [("large_grid", "sampler")]


@pytest.mark.parametrize(("setting", "value"), [("sampler", "gp"), ("terminator", "regret")])
def test_a_missing_library_is_named(monkeypatch, setting, value):
    monkeypatch.setattr("cnnstudio.workers.search.spec_checks.is_available", lambda _library: False)
    spec = SearchSpec(varied=(Varied(key="a", values=Choices(values=("a", "b"))),), **{setting: value})
    problem, = spec_problems(LENET, spec)
    assert problem.code == "torch_missing" and "PyTorch" in problem.text.es and problem.fixes
    assert "cnnstudio doctor --install torch" in problem.text.en


def test_objectives_have_directions():
    assert parse_objective("val_accuracy").direction == "maximize" and parse_objective("latency").direction == "minimize"
    assert parse_objective("val_f1").direction == "maximize" and parse_objective("loss").direction == "minimize"
    assert parse_objective("val_f1:min").direction == "minimize"
    for text in ("", "val_accuracy:up", "val_accuracy:minimize", ":min"):
        with pytest.raises(ProblemError):
            parse_objective(text)


@pytest.mark.parametrize("registry", [SAMPLERS, PRUNERS, OBJECTIVES, IMPORTANCES, TERMINATORS, SPECIAL_KEYS],
                         ids=lambda registry: registry.kind)
def test_entries_speak_both_languages(registry):
    assert len(registry)
    for entry in registry:
        assert entry.label.en and entry.label.es and entry.help.en != entry.help.es and entry.help.es.endswith(".")


def test_the_error_of_a_best_value():
    assert standard_error(0.9, Judged(pictures=98)) == pytest.approx((0.892 * 0.108 / 100) ** 0.5)
    assert standard_error(1.0, Judged(pictures=98)) > 0
    assert standard_error(0.9, Judged(folds=(0.8, 0.9, 1.0))) == pytest.approx(0.1 * (1 / 3 + 1 / 2) ** 0.5)
    assert standard_error(0.9, Judged()) is None and standard_error(3.0, Judged(pictures=5)) is None


def test_a_space_is_the_same_for_any_order():
    items = [parse_varied("training.optimizer.learning_rate=1:2"), parse_varied("training.optimizer=adam,sgd"),
             parse_varied("augmentation.preset=none,light")]
    orders = [Space(LENET, order, CLASSES, BUILT_IN).varied for order in (items, items[::-1])]
    assert orders[0] == orders[1]
