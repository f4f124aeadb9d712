"""Models of other runtimes as what the program answers with: foreign files, their names and cards, and damaged ones."""

from __future__ import annotations

import json
import threading

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import models
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.model_card import Card
from cnnstudio.engine.runtime_models import open_runtime_model

pytest.importorskip("onnxruntime")
RANDOM = np.random.default_rng(3)


def save_onnx(path, *, first=False, softmax=False, classes=3, sizes=(None, 4, 5, 3), metadata=()):
    """A mean over the pixels of each channel, and a matrix to the classes: NHWC, or channels `first` as PyTorch writes it."""
    batch, height, width, channels = sizes
    shape = [batch or "n", channels, height, width] if first else [batch or "n", height, width, channels]
    kernel = helper.make_tensor("kernel", TensorProto.FLOAT, (channels, classes),
                                np.linspace(-1, 1, channels * classes).astype(np.float32))
    axes = helper.make_tensor("axes", TensorProto.INT64, (2,), [2, 3] if first else [1, 2])
    nodes = [helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
             helper.make_node("MatMul", ["mean", "kernel"], ["scores"])]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1))
    output = "probabilities" if softmax else "scores"
    entering = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    leaving = helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch or "n", classes])
    graph = helper.make_graph(nodes, "mean", [entering], [leaving], [kernel, axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, dict(metadata))
    onnx.save(model, path)
    return path


def expected(pixels, classes=3):
    scores = pixels.astype(np.float64).mean(axis=(1, 2)) @ np.linspace(-1, 1, pixels.shape[-1] * classes).reshape(-1, classes)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("batch", [None, 1])
def test_a_foreign_file_answers_whatever_its_layout(tmp_path, first, softmax, batch):
    path = save_onnx(tmp_path / "m.onnx", first=first, softmax=softmax, sizes=(batch, 4, 5, 3))
    model = open_runtime_model(path)
    pixels = RANDOM.integers(0, 256, (5, 4, 5, 3), np.uint8)
    np.testing.assert_allclose(model.predict(pixels), expected(pixels), atol=1e-5)
    assert (model.card.recipe.height, model.card.recipe.width, model.card.class_names) == (4, 5, ("0", "1", "2"))
    notes = " ".join(note.en for note in model.notes)
    assert "pixels from 0 to 255" in notes and ("softmax" in notes) == (not softmax)


@pytest.mark.parametrize(("metadata", "files"), [
    ({"class_names": '["cat", "dog", "ñu"]'}, {}),
    ({"names": "{0: 'cat', 1: 'dog', 2: 'ñu'}"}, {}),
    ({"labels": "cat, dog, ñu"}, {}),
    ({}, {"labels.txt": "cat\ndog\nñu\n"}),
    ({}, {"m.txt": "\ufeffcat\r\ndog\r\nñu"}),
    ({}, {"classes.json": '{"class_names": ["cat", "dog", "ñu"]}'}),
    ({"names": "__import__('os').system('true')"}, {"classes.json": '{"0": "cat", "1": "dog", "2": "ñu"}'})])
def test_the_names_of_the_classes_are_found_inside_or_beside(tmp_path, metadata, files):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    model = open_runtime_model(save_onnx(tmp_path / "m.onnx", metadata=metadata))
    assert model.card.class_names == ("cat", "dog", "ñu")
    assert "as listed" in model.notes[0].en


def test_a_list_of_another_length_is_refused(tmp_path):
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(save_onnx(tmp_path / "m.onnx"))
    assert problem.value.problems[0].code == "class_count" and "labels.txt" in problem.value.problems[0].text.en


def test_a_card_beside_a_foreign_file_says_how_its_pictures_are_prepared(tmp_path):
    """Its normalisation is applied before the model, which has none inside."""
    recipe = RecipeSpec(height=4, width=5, normalization="standardize", mean=(10.0, 20.0, 30.0), deviation=(2.0, 4.0, 5.0))
    card = Card(recipe=recipe, class_names=("a", "b", "c"), label_mode="categorical")
    (tmp_path / "m.json").write_bytes(msgspec.json.encode(card))
    model = open_runtime_model(save_onnx(tmp_path / "m.onnx", softmax=True))
    pixels = RANDOM.integers(0, 256, (3, 4, 5, 3), np.uint8)
    np.testing.assert_allclose(model.predict(pixels), expected((pixels - np.array(recipe.mean)) / np.array(recipe.deviation)),
                               atol=1e-5)
    assert model.card.class_names == ("a", "b", "c") and not model.notes
    (tmp_path / "m.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(
        card, recipe=msgspec.structs.replace(recipe, height=9))))
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(tmp_path / "m.onnx")
    assert problem.value.problems[0].code == "damaged_model"


def test_any_number_of_threads_may_ask(tmp_path):
    model = open_runtime_model(save_onnx(tmp_path / "m.onnx"))
    pixels = RANDOM.integers(0, 256, (1, 4, 5, 3), np.uint8)
    wanted, wrong = model.predict(pixels), []

    def ask():
        for _ in range(50):
            if not np.array_equal(model.predict(pixels), wanted):
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize("content", [b"", b"no model", "truncated"])
def test_a_damaged_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f"m{suffix}"
    if content == "truncated":
        save_onnx(path)
        content = path.read_bytes()[:-120]
    path.write_bytes(content)
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(path)
    assert problem.value.problems[0].code == "damaged_model"
    assert str(tmp_path) not in problem.value.problems[0].text.en


def test_an_operation_that_the_runtime_does_not_know_is_told(tmp_path):
    path = save_onnx(tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.node[1].op_type = "Teleport"
    onnx.save(model, path)
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(path)
    assert "Teleport" in problem.value.problems[0].text.en


def test_a_model_that_decodes_files_itself_is_not_called_damaged(tmp_path):
    path = save_onnx(tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.node[1].op_type, model.graph.node[1].domain = "DecodeImage", "com.microsoft.extensions"
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft.extensions", 1))
    onnx.save(model, path)
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(path)
    assert problem.value.problems[0].code == "reads_files"


@pytest.mark.parametrize(("sizes", "code"), [((None, None, None, 3), "open_size"), ((None, 6, 5, 7), "not_a_classifier")])
def test_what_takes_no_pictures_of_one_size_is_refused(tmp_path, sizes, code):
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(save_onnx(tmp_path / "m.onnx", sizes=tuple(
            name if size is None and place else size for place, (size, name) in enumerate(zip(sizes, "nhwc", strict=True)))))
    assert problem.value.problems[0].code == code


def test_without_its_runtime_the_way_to_install_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("cnnstudio.engine.runtime_models.is_available", lambda _library: False)
    with pytest.raises(ProblemError) as problem:
        open_runtime_model(save_onnx(tmp_path / "m.onnx"))
    assert problem.value.problems[0].fixes and "doctor --install onnxruntime" in problem.value.problems[0].text.en


def test_it_cannot_be_looked_into(tmp_path):
    with pytest.raises(ProblemError) as problem:
        models.load(save_onnx(tmp_path / "m.onnx"))
    assert problem.value.problems[0].code == "needs_keras_model"


def test_a_bundle_whose_recipe_was_changed_says_so(tmp_path):
    save_onnx(tmp_path / "model.onnx")
    (tmp_path / "recipe.json").write_text("{}")
    (tmp_path / "classes.json").write_text(json.dumps({"class_names": ["a", "b", "c"], "recipe": "0" * 64}))
    classifier = open_classifier(tmp_path, lambda _path, _card: None, tmp_path / "cache")
    assert [problem.code for problem in classifier.problems] == ["recipe_changed"]
    assert classifier.card.class_names == ("a", "b", "c")
    card = msgspec.json.encode(classifier.card).decode()
    save_onnx(tmp_path / "model.onnx", metadata={"cnnstudio.json": card})
    (tmp_path / "classes.json").write_text(json.dumps({"class_names": ["a", "b", "x"]}))
    classifier = open_classifier(tmp_path, lambda _path, _card: None, tmp_path / "cache")
    assert [problem.code for problem in classifier.problems] == ["classes_changed"]
