"""Features before the last classifying layer: of which layer, kept in the cache, and by the warm server."""

import os
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.events import Finished, Notice
from cnnstudio.core.feature_jobs import ComputeFeatures, Featured, FeaturesComputed, Featurize
from cnnstudio.core.jobs import Answered, Ready, Serve
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.engine import model_card, models, penultimate
from cnnstudio.engine.penultimate import compute_features, feature_model
from cnnstudio.engine.prediction_server import serve
from cnnstudio.evaluation.feature_sets import find_feature_set
from cnnstudio.workers.feature_sets import features_job, find_features
from cnnstudio.workers.link import StopRequested
from tests.engine.conftest import Recorder
from tests.engine.explaining.models import flat, nested

L = keras.layers


def loaded(model):
    shape = model.input_shape
    card = model_card.Card(recipe=RecipeSpec(height=shape[1], width=shape[2]), class_names=("a", "b", "c"),
                       label_mode="categorical")
    return models.Loaded(model, card, Path("model.keras"))


def pictures(model, count=3):
    return np.random.default_rng(0).integers(0, 256, (count, *model.input_shape[1:]), np.uint8).astype(np.float32)


def test_features_enter_the_last_layer_behind_pooling_and_dropout():
    for model in (nested(), nested(sequential=True), flat()):
        found = feature_model(loaded(model))
        assert (found.layer, found.classifier, found.pooled) == ("pooling", "output", False)
        kernel, bias = (np.asarray(weight) for weight in model.layers[-1].weights)
        seen = np.asarray(found.model(pictures(model)))
        scores = seen @ kernel + bias
        answers = np.exp(scores - scores.max(axis=1, keepdims=True))
        np.testing.assert_allclose(answers / answers.sum(axis=1, keepdims=True), np.asarray(model(pictures(model))), atol=1e-4)


def test_a_whole_classifier_within_a_model_is_opened():
    inner = nested()
    start = keras.Input(inner.input_shape[1:])
    outer = keras.Model(start, L.Activation("linear", name="end")(inner(L.Rescaling(1.0, name="begin")(start))))
    found = feature_model(loaded(outer))
    assert (found.layer, found.classifier) == ("pooling", "output") or found.layer.endswith("/pooling")
    np.testing.assert_allclose(np.asarray(found.model(pictures(outer))),
                               np.asarray(feature_model(loaded(inner)).model(pictures(inner))), rtol=1e-5)


def test_maps_and_very_long_vectors_are_pooled(monkeypatch):
    start = keras.Input((8, 8, 3))
    maps = L.Conv2D(5, 3, name="maps")(start)
    convolutional = keras.Model(start, L.Softmax()(L.GlobalAveragePooling2D()(L.Conv2D(3, 1, name="classes")(maps))))
    found = feature_model(loaded(convolutional))
    assert (found.layer, found.classifier, found.pooled, found.model.output_shape) == ("maps", "classes", True, (None, 5))
    flattened = keras.Model(start, L.Dense(3, "softmax", name="classes")(L.Flatten(name="flat")(maps)))
    found = feature_model(loaded(flattened))
    assert (found.layer, found.pooled, found.model.output_shape) == ("flat", False, (None, 180))
    monkeypatch.setattr(penultimate, "MOST", 100)
    found = feature_model(loaded(flattened))
    assert (found.pooled, found.model.output_shape) == (True, (None, 5))


def test_a_model_without_weights_has_no_features():
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, L.Softmax()(L.GlobalAveragePooling2D()(start)))
    with pytest.raises(ProblemError) as caught:
        feature_model(loaded(model))
    assert caught.value.problems[0].code == "no_features"


def job(trained, cache, **fields):
    return ComputeFeatures(model=str(trained[0].folder), cache=str(cache), **fields)


def test_the_features_of_splits_are_kept_and_found_without_keras(trained, tmp_path, monkeypatch):
    run, root = trained
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path))
    wish = features_job(run.folder, ("test", "train"))
    assert find_features(wish) is None
    recorder = Recorder()
    assert isinstance(compute_features(wish, recorder), Finished)
    events = recorder.of(FeaturesComputed)
    assert [(event.split, event.pictures, event.skipped) for event in events] == [("test", 12, 0), ("train", 36, 0)]
    assert events[0].size == 4
    test, train = find_features(wish)
    manifest = read_manifest(run.manifest_path)
    assert test.paths == tuple(str(root / entry.path) for entry in manifest.split("test"))
    assert test.labels.tolist() == [entry.label for entry in manifest.split("test")]
    model = keras.saving.load_model(run.model_path)
    wanted = keras.Model(model.inputs, model.layers[-1].input)
    from cnnstudio.engine.pixels import prepare_pictures

    prepared = prepare_pictures([Path(path) for path in train.paths], run.spec().recipe, tmp_path / "other")
    np.testing.assert_allclose(train.features, np.asarray(wanted(prepared.take(prepared.good).astype(np.float32))),
                               rtol=1e-4, atol=1e-4)
    again = Recorder()
    compute_features(wish, again)
    assert [event.engine for event in again.of(FeaturesComputed)] == ["cache", "cache"]
    near = train.nearest(test.features[0], 5)
    assert len(near) == 5
    assert near[0].class_name == train.class_names[test.labels[0]]


def test_half_precision_paths_and_damage(trained, tmp_path):
    _run, root = trained
    paths = (str(root / "dark/000.png"), str(root / "nothing.png"), str(root / "light/003.png"))
    recorder = Recorder()
    compute_features(wish := job(trained, tmp_path, paths=paths, precision="float16"), recorder)
    event = recorder.of(FeaturesComputed)[0]
    assert (event.split, event.pictures, event.skipped) == ("", 2, 1)
    assert [notice.problem.code for notice in recorder.of(Notice)] == ["vanished"]
    found = find_features(wish)[0]
    assert found.features.dtype == np.float16
    assert found.paths == (paths[0], paths[2])
    whole = Path(event.file).read_bytes()
    Path(event.file).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert find_features(wish) is None
    compute_features(wish, recorder)
    assert Path(event.file).read_bytes() == whole


def test_another_model_or_another_picture_is_another_set(trained, tmp_path):
    _run, root = trained
    path = tmp_path / "one.png"
    path.write_bytes((root / "dark/000.png").read_bytes())
    wish = job(trained, tmp_path / "cache", paths=(str(path),))
    compute_features(wish, Recorder())
    before = find_features(wish)[0].features.copy()
    path.write_bytes((root / "light/003.png").read_bytes())
    os.utime(path, ns=(1, 1))
    assert find_features(wish) is None
    compute_features(wish, Recorder())
    assert not np.allclose(find_features(wish)[0].features, before)


def test_nothing_to_compute_is_told(trained, tmp_path):
    for fields, code in (({"splits": ("nothing",)}, "no_pictures"), ({"paths": ("/nowhere/x.png",)}, "pictures_gone")):
        with pytest.raises(ProblemError) as caught:
            compute_features(job(trained, tmp_path, **fields), Recorder())
        assert caught.value.problems[0].code == code
    stopping = Recorder(lambda link, _event: link.request_stop())
    with pytest.raises(StopRequested):
        compute_features(job(trained, tmp_path, splits=("test",)), stopping)


def test_the_warm_server_gives_the_features_of_any_picture(trained, tmp_path):
    run, root = trained
    paths = (str(root / "dark/004.png"), "/nowhere/x.png")
    recorder = Recorder(lambda link, event: link.command(Featurize(request=4, paths=paths))
                        if isinstance(event, Ready) else link.request_stop() if isinstance(event, Answered) else None)
    serve(Serve(model=str(run.folder), cache=str(tmp_path)), recorder)
    good, bad = recorder.of(Featured)
    assert (good.request, good.path, bad.problem.code) == (4, paths[0], "cannot_read")
    compute_features(wish := job(trained, tmp_path, paths=paths[:1]), Recorder())
    found = find_features(wish)[0]
    assert good.layer == found.layer
    np.testing.assert_allclose(good.features, found.features[0], rtol=1e-4, atol=1e-4)
    assert msgspec.json.decode(msgspec.json.encode(good), type=Featured) == good
    assert find_feature_set(Path("/nowhere")) is None
