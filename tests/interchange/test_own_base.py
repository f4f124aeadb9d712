"""A user's own model as a base: cut before its classifier, found in the project's folder, refused where it is none."""

from __future__ import annotations

import os
import shutil
import zipfile

import h5py
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.advice import freeze_advice
from cnnstudio.catalog.bases.resolver import base_label, base_of_node
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import edits
from cnnstudio.core.files import decode_project, encode_project, write_project
from cnnstudio.core.problems import ProblemError, blocking
from cnnstudio.core.project import Project
from cnnstudio.interchange.own_base import files as own_files
from cnnstudio.interchange.own_base import reader as own
from cnnstudio.interchange.own_base.files import file_digest
from cnnstudio.interchange.own_base.project_copy import copy_into_project
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.own_base.truncation import up_to
from cnnstudio.interchange.own_base.trunk import assign_blocks, classifier, narrow_points
from cnnstudio.network.checks import check_network
from cnnstudio.network.new_project import with_base
from cnnstudio.network.shapes import report
from cnnstudio.network.summary import title
from tests.interchange.keras_files import CONV, PLAIN, chain, layer, write_h5, write_model


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def take(place, layers=None, **more):
    file = copy_into_project(write_model(place.parent / "My Model 2.keras", layers), place)
    return ProjectBases(place).require_own(file, **more)


def refused(place, path):
    with pytest.raises(ProblemError) as raised:
        copy_into_project(path, place)
    (problem,) = raised.value.problems
    assert problem.text.en and problem.text.es
    assert list((place / "bases").glob("*")) == [] if (place / "bases").exists() else True
    return problem


def test_a_model_ends_at_its_last_maps_and_can_end_wherever_its_graph_is_one_tensor(place):
    base = take(place)
    assert base.id == f"bases/my-model-2-{file_digest(place.parent / 'My Model 2.keras')}.keras:zero_one"
    assert (str(base.label), base.own.end, base.own.ends) == ("my-model-2", "three", ("one", "two", "three", "four", "five"))
    assert (base.blocks, base.lines) == (("one", "three"), ("one", "three", "five"))
    assert (base.parameters, base.features, base.size, base.channels) == (112 + 148, 4, (16, 16), 3)
    assert base.trainable_layers("three") == {"three", "four", "five"}
    assert [node.id for node in base.graph().nodes] == ["in", "scaling", "one", "two", "three"]
    assert ProjectBases(place).find(base.id).id == base.id
    assert [own_base.id for own_base in ProjectBases(place).own_bases()] == [base.id]


def test_the_network_that_starts_from_it_is_sound_and_is_saved(place):
    base = take(place)
    project = with_base(Project(name="x"), base)
    assert blocking(check_network(project, 3, ProjectBases(place))) == ()
    assert decode_project(encode_project(project), place) == project
    network_report = report(project.network, context_of(project, 3, ProjectBases(place)))
    assert (network_report.nodes["base"].shape, network_report.nodes["base"].cost.non_trainable) == ((8, 8, 4), base.parameters)
    assert title(project.network.node("base"), ProjectBases(place)) == "my-model-2"
    late = edits.set_node_param(project, "base", "ends_at", "five")
    assert report(late.network, context_of(late, 3, ProjectBases(place))).nodes["base"].shape == (8,)
    wrong = edits.set_node_param(project, "base", "ends_at", "six")
    problems = report(wrong.network, context_of(wrong, 3, ProjectBases(place))).problems
    assert [problem.code for problem in problems] == ["unknown_block"]


def test_a_file_that_goes_changes_or_comes_back_is_noticed(place):
    base = take(place)
    project = with_base(Project(name="x"), base)
    path = place / base.own.file

    def problem_codes():
        problems = blocking(check_network(project, 3, ProjectBases(place)))
        assert all(item.where.node == "base" and item.fixes[0].action == "choose_own_base" for item in problems)
        return [item.code for item in problems]

    assert problem_codes() == []
    content = path.read_bytes()
    path.unlink()
    assert problem_codes() == ["own_base_missing"]
    assert base_of_node(project.network.node("base"), ProjectBases(place)) is None
    assert base_label(project.network.node("base")) == title(project.network.node("base"), ProjectBases(place)) == "my-model-2"
    write_project(place, project)
    path.write_bytes(content)
    assert problem_codes() == []
    path.write_bytes(content[:-100])
    assert problem_codes() == ["own_base_changed"]
    changed = write_model(place / "other.keras", chain(*PLAIN[1:]))
    shutil.copy(changed, path)
    assert problem_codes() == ["own_base_changed"]
    shutil.copy(place.parent / "My Model 2.keras", path)
    os.utime(path, (1, 1))
    assert problem_codes() == []


def test_a_project_moves_with_its_bases(place, tmp_path):
    base = take(place)
    project = with_base(Project(name="x"), base)
    shutil.move(place, tmp_path / "elsewhere ñ")
    assert [item.code for item in blocking(check_network(project, 3, ProjectBases(place)))] == ["own_base_missing"]
    assert blocking(check_network(project, 3, ProjectBases(tmp_path / "elsewhere ñ"))) == ()


def test_no_other_place_of_the_disk_is_read(place):
    secret = write_model(place.parent / f"x-{'0' * 12}.keras")
    for file in (f"../{secret.name}", str(secret), f"bases/../../{secret.name}", "bases/x.keras", "", "bases/x\0-0.keras"):
        with pytest.raises(ProblemError) as raised:
            ProjectBases(place).require_own(file)
        assert raised.value.problems[0].code == "own_base_missing"
    network = edits.set_node_param(with_base(Project(), take(place)), "base", "file", "bases/a\0b").network
    assert report(network, context_of(Project(), 3, ProjectBases(place))).of("base")[0].code == "own_base_missing"


def test_what_cannot_be_a_base_is_refused_and_named(place):
    folder = place.parent
    lambda_ = [*chain(*PLAIN[:1]), layer("Lambda", "trick", "one", function="x"), layer("Conv2D", "c", "trick", **CONV),
               layer("Flatten", "f", "c"), layer("Dense", "d", "f", units=3)]
    problem = refused(place, write_model(folder / "lambda.keras", lambda_))
    assert problem.code == "own_base_layers" and "trick (Lambda, unknown)" in problem.text.en
    assert "trick (Lambda, desconocida)" in problem.text.es
    own_class = [*chain(*PLAIN[:1]), layer("Conv2D", "mine", "one", module="my.package", **CONV), *[
        layer("Flatten", "f", "mine"), layer("Dense", "d", "f", units=3)]]
    assert "mine" in refused(place, write_model(folder / "custom.keras", own_class)).text.en
    other = [("Conv2D", CONV), ("BatchNormalization", {"axis": 1}), *PLAIN[3:]]
    assert "two (axis = 1)" in refused(place, write_model(folder / "axis.keras", chain(*other))).text.en
    leaky = [("Conv2D", CONV | {"activation": {"class_name": "LeakyReLU", "module": "keras.layers", "config": {}}}),
             *PLAIN[3:]]
    assert refused(place, write_model(folder / "leaky.keras", chain(*leaky))).code == "own_base_layers"
    first = [("Conv2D", CONV | {"data_format": "channels_first"}), *PLAIN[3:]]
    assert refused(place, write_model(folder / "first.keras", chain(*first))).code == "own_base_layers"
    held = [*chain(*PLAIN[:1]), layer("SpectralNormalization", "held", "one", power_iterations=1, layer=layer(
        "Conv2D", "inside", **CONV)), layer("Flatten", "f", "held"), layer("Dense", "d", "f", units=3)]
    assert "held" in refused(place, write_model(folder / "held.keras", held)).text.en
    times = [*chain(*PLAIN[:1]), {**layer("Multiply", "m", "one", module="keras.src.ops.numpy")}, *[
        layer("Conv2D", "c", "m", **CONV), layer("Flatten", "f", "c"), layer("Dense", "d", "f", units=3)]]
    assert "operation" in refused(place, write_model(folder / "times.keras", times)).text.en
    assert refused(place, write_model(folder / "five.keras", chain(*PLAIN, shape=(16, 16, 5)))).code == "own_base_inputs"
    assert refused(place, write_model(folder / "head.keras", chain(("Flatten", {}), ("Dense", {"units": 3})))
                   ).code == "own_base_empty"
    two = [*chain(("Conv2D", CONV)), layer("InputLayer", "in2", batch_shape=[None, 16, 16, 3]),
           layer("Add", "sum", "one", "in2"), layer("Conv2D", "c", "sum", **CONV)]
    assert refused(place, write_model(folder / "two.keras", two)).code == "own_base_inputs"


def test_damaged_and_foreign_files_are_refused(place):
    folder = place.parent
    content = write_model(folder / "whole.keras").read_bytes()
    (folder / "cut.keras").write_bytes(content[:len(content) // 2])
    (folder / "text.keras").write_bytes(b"hello")
    (folder / "model.h5").write_bytes(b"x")
    (folder / "model.pt").write_bytes(b"x")
    with zipfile.ZipFile(folder / "zip.keras", "w") as archive:
        archive.writestr("photos/a.txt", b"x")
    for name, code in (("cut.keras", "own_base_damaged"), ("text.keras", "own_base_damaged"), ("model.h5", "network_damaged"),
                       ("model.pt", "own_base_kind"), ("nowhere.h5", "own_base_missing"),
                       ("zip.keras", "own_base_damaged"), ("nowhere.keras", "own_base_missing")):
        assert refused(place, folder / name).code == code, name
    assert refused(place, write_model(folder / "empty.keras", weights=False)).code == "own_base_no_weights"
    broken = write_model(folder / "broken.keras", [{"class_name": 3, "name": "x"}])
    assert refused(place, broken).code == "network_damaged"


def test_models_in_hdf5_are_taken_and_what_is_none_is_refused(place):
    folder = place.parent
    base = ProjectBases(place).require_own(copy_into_project(write_h5(folder / "Old one.hdf5"), place))
    assert base.own.file == f"bases/old-one-{file_digest(folder / 'Old one.hdf5')}.h5"
    assert (base.own.end, base.parameters, base.own.scaling) == ("three", 112 + 148, "zero_one")
    assert [own_base.id for own_base in ProjectBases(place).own_bases()] == [base.id]
    project = with_base(Project(name="x"), base)
    assert blocking(check_network(project, 3, ProjectBases(place))) == ()
    assert base_label(project.network.node("base")) == "old-one"
    shutil.rmtree(place / "bases")
    complete = write_h5(folder / "whole.h5").read_bytes()
    for name, content in (("cut.h5", complete[:len(complete) // 2]), ("begun.h5", complete[:40]), ("none.h5", b""),
                          ("other.h5", write_model(folder / "m.keras").read_bytes())):
        (folder / name).write_bytes(content)
        assert refused(place, folder / name).code == "network_damaged", name
    assert refused(place, write_h5(folder / "weights.h5", described=False)).code == "network_only_weights"
    assert refused(place, write_h5(folder / "empty.h5", weights=False)).code == "own_base_no_weights"
    trick = [*chain(*PLAIN[:1]), layer("Lambda", "trick", "one", function="x"), layer("Conv2D", "c", "trick", **CONV),
             layer("Flatten", "f", "c"), layer("Dense", "d", "f", units=3)]
    assert "trick (Lambda" in refused(place, write_h5(folder / "lambda.h5", trick)).text.es
    many = chain(("Conv2D", CONV | {"filters": 20_000}), *PLAIN[1:])
    assert refused(place, write_h5(folder / "declared.h5", many)).code == "own_base_damaged"
    for number, config in enumerate((np.zeros((3, 3)), b"\xff\xfe", b"[" * 100_000, [b"{}", b"{}"])):
        path = write_h5(folder / f"words{number}.h5")
        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = config
        assert refused(place, path).code == "network_damaged", config


def test_archives_that_would_fill_the_disk_are_refused(place, monkeypatch):
    bomb = place.parent / "bomb.keras"
    with zipfile.ZipFile(write_model(bomb), "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more", b"\0" * (65 << 20))
    assert refused(place, bomb).code == "own_base_too_large"
    many = chain(("Conv2D", CONV | {"filters": 2000}), *PLAIN[1:])
    assert refused(place, write_model(place.parent / "declared.keras", many)).code == "own_base_damaged"
    monkeypatch.setattr(own, "_MOST_LAYERS", 5)
    assert refused(place, write_model(place.parent / "deep.keras")).code == "own_base_too_large"
    monkeypatch.setattr(own_files, "LARGEST", 100)
    assert refused(place, write_model(place.parent / "large.keras")).code == "own_base_too_large"


def test_a_copy_that_is_given_up_or_does_not_fit_leaves_nothing(place, monkeypatch):
    path = write_model(place.parent / "m.keras")

    def stop():
        raise InterruptedError

    with pytest.raises(ProblemError):
        copy_into_project(path, place, check=stop)
    assert list((place / "bases").iterdir()) == []
    monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(ProblemError) as raised:
        copy_into_project(path, place)
    assert raised.value.problems[0].code == "no_space"
    assert list((place / "bases").iterdir()) == []


def test_scaling_inside_the_file_is_its_own_and_augmentation_is_left_out(place):
    inside = chain(("RandomFlip", {}), ("Rescaling", {"scale": 1 / 255, "offset": 0.0}), ("Conv2D", CONV), ("Flatten", {}),
                   ("Dense", {"units": 3}))
    base = take(place, inside)
    assert (base.own.scales, base.own.scaling) == (True, "none")
    assert ["RandomFlip" in note.en for note in base.own.notes] == [True]
    assert [node.id for node in base.graph().nodes] == ["in", "two", "three"]
    assert base.blocks == ("three",)
    assert take(place, chain(("BatchNormalization", {}), *PLAIN[2:])).own.scaling == "none"


def test_a_size_that_the_file_leaves_open_is_proposed(place):
    base = take(place, chain(("Conv2D", CONV), ("GlobalAveragePooling2D", {}), ("Dense", {"units": 3}),
                             shape=(None, None, 1)))
    assert (base.size, base.channels, base.own.flattened) == ((224, 224), 1, False)
    wide = take(place, chain(*PLAIN, shape=(16, 40, 1)))
    assert (wide.size, wide.input_width, wide.own.flattened) == ((16, 40), 40, True)
    project = with_base(Project(), wide)
    assert (project.recipe.shape, project.recipe.color_mode) == ((16, 40, 1), "grayscale")
    colour = msgspec.structs.replace(project, recipe=msgspec.structs.replace(project.recipe, color_mode="rgb"))
    (problem,) = blocking(check_network(colour, 3, ProjectBases(place)))
    assert (problem.code, problem.fixes[0].arguments["value"]) == ("base_channels", "grayscale")


def test_trunks_blocks_and_heads():
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", id="stem", filters=4)
    drawing.add("BatchNormalization", id="stem_bn")
    drawing.add("Conv2D", id="stage1_a_conv", filters=4)
    main = drawing.add("BatchNormalization", id="stage1_a_bn")
    drawing.add("Add", main, "stem_bn", id="stage1_a_add")
    drawing.add("ReLU", id="relu")
    drawing.add("GlobalAveragePooling2D", id="pool")
    drawing.add("Dense", id="answer", units=3)
    drawing.add("Softmax", id="softmax")
    drawing.add("Dense", "pool", id="aside", units=2)
    network = up_to(drawing.network(), "softmax")
    assert "aside" not in [node.id for node in network.nodes]
    narrow = narrow_points(network)
    assert narrow == ["input", "stem", "stem_bn", "stage1_a_add", "relu", "pool", "answer", "softmax"]
    assert assign_blocks(network, narrow) == {
        "input": "", "stem": "stem", "stem_bn": "stem", "stage1_a_conv": "stage1_a", "stage1_a_bn": "stage1_a",
        "stage1_a_add": "stage1_a", "relu": "stage1_a", "pool": "stage1_a", "answer": "answer", "softmax": "answer"}
    assert classifier(network) == "answer"
    assert classifier(up_to(network, "pool")) is None


def test_the_advice_speaks_of_what_the_base_learned_on(place):
    base = take(place)
    assert "its first training" in freeze_advice(10, "similar", base)[1].en
    assert freeze_advice(10, "different", base)[0] == "three"
    assert freeze_advice(10, "different", base.until("five"))[0] == "five"
    assert "ImageNet" in freeze_advice(10, "similar", BASES["vgg16"])[1].es
