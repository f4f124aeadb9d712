"""The jobs and the warm server: files, events, and everything that can be wrong with what is asked."""

from __future__ import annotations

import cv2
import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.commands import Cancel, Predict
from cnnstudio.core.events import Finished, Notice, Phase, Progress
from cnnstudio.core.explain_jobs import (
    Explain,
    Explained,
    ExplainedTogether,
    ExplainPictures,
    ExplainRequest,
    FeaturesRequest,
    FeaturesShown,
    LayersListed,
    ListLayers,
    LookInside,
    ShowFeatures,
)
from cnnstudio.core.jobs import Answered, Ready, Serve
from cnnstudio.core.messages import decode_command, encode_command
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import models
from cnnstudio.engine.explaining.explain import Explainer
from cnnstudio.engine.explaining.features_job import show_features
from cnnstudio.engine.explaining.job import explain_pictures
from cnnstudio.engine.explaining.network import OpenNetwork
from cnnstudio.engine.prediction_server import serve
from tests.engine.conftest import Recorder
from tests.engine.explaining.models import dense_only, nested, picture, saved, stirred

L = keras.layers


@pytest.fixture
def files(tmp_path):
    """Three pictures of other proportions than the input, one file that is none, one that is not there."""
    paths = []
    for number in range(3):
        path = tmp_path / f"foto ñ {number}.png"
        cv2.imwrite(str(path), cv2.resize(picture(16, number), (60, 40)).astype(np.uint8))
        paths.append(str(path))
    (tmp_path / "text.png").write_text("no picture")
    return [*paths, str(tmp_path / "text.png"), str(tmp_path / "gone.png")]


def explain(model, files, target="", **fields):
    recorder = Recorder()
    job = ExplainPictures(model=str(model), request=ExplainRequest(paths=tuple(files), target=str(target), **fields))
    assert isinstance(explain_pictures(job, recorder), Finished)
    return recorder


def test_every_picture_gets_an_overlay_and_a_map_and_unreadable_ones_are_named(files, tmp_path):
    model = saved(nested(), tmp_path, fit="pad")
    (tmp_path / "out").mkdir()
    recorder = explain(model, files, tmp_path / "out", method="hirescam", mean=True, check=True)
    done, failed = recorder.of(Explained)[:3], recorder.of(Explained)[3:]
    assert [event.path for event in failed] == files[3:]
    assert all(event.problem is not None and event.problem.text.es for event in failed)
    for event in done:
        assert cv2.imread(event.file).shape == (40, 60, 3)
        with np.load(event.map_file, allow_pickle=False) as data:
            assert data["map"].shape == (16, 16)
            assert data["size"].tolist() == [40, 60]
            assert data["target"].tolist() == [2, 0, 11, 16], "padded: the map covers the picture alone"
        assert event.layer == "base/joined"
        assert event.class_name == event.predicted
        assert 1 / 3 <= event.probability <= 1
        assert 0 <= event.checks.similarity <= 1
        assert event.checks.passed == (event.checks.depends_on_weights and event.checks.beats_chance)
    sheet, mean = recorder.of(ExplainedTogether)
    assert (sheet.kind, sheet.pictures, mean.kind, mean.pictures) == ("sheet", 3, "mean", 3)
    assert cv2.imread(mean.file).shape == (16, 16, 3)


def test_without_a_folder_nothing_is_written(files, tmp_path):
    before = sorted(tmp_path.iterdir())
    model = saved(nested(), tmp_path)
    event, = explain(model, files[:1], class_name="b", layer="last").of(Explained)
    assert (event.class_name, event.layer, event.file) == ("b", "base/last", "")
    assert sorted(tmp_path.iterdir()) == sorted([*before, model])


@pytest.mark.parametrize(("fields", "code", "said"), [
    ({"method": "lime"}, "unknown_method", "gradcam"), ({"class_name": "zebra"}, "unknown_class", "a, b, c"),
    ({"layer": "lost"}, "unknown_layer", "base/last"), ({"layer": "pooling"}, "no_feature_maps", "base/joined"),
    ({"method": "occlusion", "layer": "nowhere"}, "unknown_layer", "nowhere"),
    ({"method": "occlusion", "params": {"patch": 7}}, "value", "7"),
    ({"params": {"steps": 7}}, "unknown_setting", "steps"),
])
def test_what_cannot_be_asked_is_told(fields, code, said, files, tmp_path):
    with pytest.raises(ProblemError) as raised:
        explain(saved(nested(), tmp_path), files, **fields)
    assert raised.value.problems[0].code == code
    assert said in raised.value.problems[0].text.en
    assert said in raised.value.problems[0].text.es


def test_a_network_without_convolution_says_which_methods_work(files, tmp_path):
    model = saved(dense_only(), tmp_path, ("no", "yes"))
    with pytest.raises(ProblemError) as raised:
        explain(model, files[:1])
    assert raised.value.problems[0].code == "no_feature_maps"
    assert "Occlusion" in raised.value.problems[0].text.en
    assert "Oclusión" in raised.value.problems[0].text.es
    event, = explain(model, files[:1], method="occlusion", class_name="no").of(Explained)
    assert event.problem is None


def test_answers_that_are_no_numbers_are_told_for_each_picture(files, tmp_path):
    model = nested()
    model.layers[-1].kernel.assign(np.full(model.layers[-1].kernel.shape, np.nan))
    events = explain(saved(model, tmp_path), files[:2]).of(Explained)
    assert [event.problem.code for event in events] == ["not_finite", "not_finite"]


def test_a_model_with_several_outputs_is_refused(tmp_path):
    start = keras.Input((8, 8, 3))
    x = L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(start))
    two = keras.Model(start, [L.Dense(2)(x), L.Dense(2)(x)])
    card = models.load(saved(nested(), tmp_path)).card
    with pytest.raises(ProblemError) as raised:
        Explainer(models.Loaded(two, card, tmp_path / "two.keras"))
    assert raised.value.problems[0].code == "several_outputs"
    maps = keras.Model(start, L.Conv2D(2, 3)(start))
    with pytest.raises(ProblemError) as raised:
        Explainer(models.Loaded(maps, card, tmp_path / "maps.keras"))
    assert raised.value.problems[0].code == "not_a_classifier"


def test_the_warm_server_explains_between_predictions(files, tmp_path):
    model = saved(nested(), tmp_path)
    requests = [Explain(request=5, what=ExplainRequest(paths=tuple(files[:2]))),
                Explain(request=6, what=ExplainRequest(paths=tuple(files[:1]), class_name="zebra")),
                Explain(request=7, what=ExplainRequest(paths=tuple(files[:1]), class_name="c"))]

    def on_event(link, event):
        if isinstance(event, Ready):
            for request in requests:
                link.command(decode_command(encode_command(request)))
        elif isinstance(event, Answered) and event.request == 7:
            link.request_stop()

    recorder = Recorder(on_event)
    serve(Serve(model=str(model), cache=str(tmp_path / "cache")), recorder)
    assert [(event.request, event.path) for event in recorder.of(Explained)] == [
        (5, files[0]), (5, files[1]), (7, files[0])]
    assert [event.pictures for event in recorder.of(Answered)] == [2, 0, 1]
    assert recorder.of(Answered)[1].problem.code == "unknown_class"


def features(model, kind, target, **fields):
    recorder = Recorder()
    show_features(ShowFeatures(model=str(model), request=FeaturesRequest(kind=kind, target=str(target), **fields)), recorder)
    return recorder


def test_features_of_every_kind(files, tmp_path):
    model = saved(nested(), tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    layers = features(model, "layers", out).of(FeaturesShown)
    assert ("base/stem", "Conv2D", (8, 8, 6)) in [(event.layer, event.type, event.shape) for event in layers]
    maps = features(model, "maps", out, paths=tuple(files[:1])).of(FeaturesShown)
    assert [event.layer for event in maps] == [event.layer for event in layers if len(event.shape) == 3]
    with np.load(next(event.data_file for event in maps if event.layer == "base/relu"), allow_pickle=False) as data:
        dead = (data["output"].max(axis=(0, 1)) <= 0).mean()
        assert next(event.dead for event in maps if event.layer == "base/relu") == pytest.approx(dead)
    (filters,) = features(model, "filters", out).of(FeaturesShown)
    assert filters.layer == "base/stem"
    recorder = features(model, "exciting", out, paths=tuple(files), layer="last", units=(1, 3), most=2)
    events = recorder.of(FeaturesShown)
    assert [event.unit for event in events] == [1, 3]
    for event in events:
        one, other = event.pictures
        assert one.activation >= other.activation
        assert 0 <= one.box[0] < one.box[0] + one.box[2] <= 40
    assert len(recorder.of(Notice)) == 2, "both files that cannot be read are named"
    field, lost, gone = features(model, "field", out, paths=files_of(files), layer="stem", position=(2, 3)).of(FeaturesShown)
    assert field.box == (10, 22, 8, 12)
    assert lost.problem.code
    assert gone.problem.code
    (made,) = features(model, "maximisation", out, layer="last", units=(2,), steps=8).of(FeaturesShown)
    for event in (*maps, filters, *events, field, made):
        assert cv2.imread(event.file) is not None, event.kind


def test_the_warm_server_looks_inside_and_keeps_what_it_found_in_many_pictures(files, tmp_path):
    out = tmp_path / "out"
    out.mkdir()

    def look(number, kind, **fields):
        return LookInside(request=number, what=FeaturesRequest(kind=kind, target=str(out), sheets=False, **fields))

    requests = [look(1, "overview", paths=tuple(files[:1]), most=3),
                look(2, "exciting", paths=tuple(files), layer="last", units=(1,)),
                look(3, "exciting", paths=tuple(files), layer="last", units=(2, 3)),
                look(4, "maps", layer="last", paths=tuple(files[:1])), look(5, "filters", layer="pooling")]

    def on_event(link, event):
        if isinstance(event, Ready):
            for request in requests:
                link.command(decode_command(encode_command(request)))
        elif isinstance(event, Answered) and event.request == 5:
            link.request_stop()

    recorder = serve_with(on_event, saved(nested(), tmp_path), tmp_path)
    shown = {number: [event for event in recorder.of(FeaturesShown) if event.request == number] for number in range(1, 6)}
    assert {"base/stem", "base/relu", "base/last"} < {event.layer for event in shown[1]}
    for event in shown[1]:
        assert cv2.imread(event.file).shape == (event.shape[0], 3 * event.shape[1], 3)
        assert len(event.units) == 3
    assert [event.unit for event in shown[2] + shown[3]] == [1, 2, 3]
    assert len(recorder.of(Notice)) == 2, "pictures that cannot be read are named once: they are not read again"
    assert not shown[4][0].file
    with np.load(shown[4][0].data_file, allow_pickle=False) as data:
        assert data["output"].shape == shown[4][0].shape
    assert recorder.of(Answered)[-1].problem.code == "no_filters"


def files_of(files):
    return (files[0], *files[3:])


@pytest.mark.parametrize(("kind", "fields", "code"), [
    ("filters", {"layer": "pooling"}, "no_filters"), ("exciting", {"units": (99,)}, "unknown_unit"),
    ("exciting", {"paths": ()}, "no_pictures"), ("field", {"position": (0, 77)}, "unknown_position"),
    ("field", {"layer": "pooling"}, "unknown_position"), ("maps", {"layer": "nothing"}, "unknown_layer")])
def test_features_that_are_not_there_are_told(kind, fields, code, files, tmp_path):
    with pytest.raises(ProblemError) as raised:
        features(saved(nested(), tmp_path), kind, tmp_path, **({"paths": tuple(files[:1])} | fields))
    assert raised.value.problems[0].code == code


def test_a_dead_unit_is_told_and_a_network_without_filters(tmp_path):
    model = nested()
    last = model.get_layer("base").get_layer("last")
    last.set_weights([np.zeros(last.kernel.shape), -np.ones(last.bias.shape)])
    recorder = features(saved(model, tmp_path), "maximisation", tmp_path, layer="last", units=(0,), steps=4)
    assert [event.problem.code for event in recorder.of(Notice)] == ["dead_unit"]
    with pytest.raises(ProblemError):
        features(saved(stirred(dense_only()), tmp_path, ("a", "b")), "filters", tmp_path)


def test_requests_survive_the_pipe():
    request = ExplainRequest(paths=("a",), params={"steps": 3})
    assert msgspec.json.decode(msgspec.json.encode(request), type=ExplainRequest) == request


def serve_with(on_event, model, tmp_path):
    recorder = Recorder(on_event)
    serve(Serve(model=str(model), cache=str(tmp_path / "cache")), recorder)
    return recorder


def test_a_long_explanation_holds_up_no_prediction_and_is_cancelled_without_losing_the_model(files, tmp_path):
    long = Explain(request=1, what=ExplainRequest(paths=tuple(files[:2]), method="integrated_gradients",
                                                  params={"steps": 1000}, check=True))
    again = Explain(request=4, what=ExplainRequest(paths=tuple(files[:1])))
    asked = []

    def on_event(link, event):
        if isinstance(event, Ready):
            link.command(long)
        elif isinstance(event, Progress) and event.request == 1 and event.done > 0 and not asked:
            asked.extend((2, 3))
            link.command(ListLayers(request=3))
            link.command(Predict(request=2, paths=tuple(files[:3])))
        elif isinstance(event, Answered) and event.request == 2:
            link.command(again)
            link.command(Cancel(request=1))
        elif isinstance(event, Answered) and event.request == 4:
            link.request_stop()

    recorder = serve_with(on_event, saved(nested(), tmp_path), tmp_path)
    assert [(event.request, event.cancelled) for event in recorder.of(Answered)] == [(2, False), (1, True), (4, False)]
    assert [event.request for event in recorder.of(Explained)] == [4], "nothing of the cancelled one came"
    assert recorder.of(LayersListed)[0].request == 3
    assert sum(event.name == "loading" for event in recorder.of(Phase)) == 2, "the model and what explains, once each"


def test_shuffled_weights_are_put_back_when_the_check_is_cancelled(files, tmp_path):
    request = ExplainRequest(paths=tuple(files[:1]))
    stages = []

    def on_event(link, event):
        if isinstance(event, Ready):
            link.command(Explain(request=1, what=request))
        elif isinstance(event, Answered) and event.request == 1:
            link.command(Explain(request=2, what=msgspec.structs.replace(request, check=True)))
        elif isinstance(event, Progress) and event.request == 2 and event.done > 5:
            stages.append(event.done)
            link.command(Cancel(request=2))
        elif isinstance(event, Answered) and event.request == 2:
            link.command(Explain(request=3, what=request))
        elif isinstance(event, Answered) and event.request == 3:
            link.request_stop()

    recorder = serve_with(on_event, saved(nested(), tmp_path), tmp_path)
    assert stages
    before, after = recorder.of(Explained)
    assert before.request, after.request == (1, 3)
    assert after.score == before.score


def test_the_layers_that_can_be_chosen_are_listed_with_the_default(tmp_path):
    model = nested()

    def on_event(link, event):
        if isinstance(event, Ready):
            link.command(decode_command(encode_command(ListLayers(request=1))))
        elif isinstance(event, LayersListed):
            link.request_stop()

    (listed,) = serve_with(on_event, saved(model, tmp_path), tmp_path).of(LayersListed)
    network = OpenNetwork(model)
    assert [layer.name for layer in listed.layers] == [layer.name for layer in network.layers if layer.maps]
    assert listed.default == network.default_layer().name


def test_a_window_gets_maps_without_overlays_and_the_mean_with_its_picture(files, tmp_path):
    (tmp_path / "out").mkdir()
    recorder = explain(saved(nested(), tmp_path), files[:2], tmp_path / "out", overlays=False, mean=True)
    assert all(not event.file and event.map_file for event in recorder.of(Explained))
    (mean,) = recorder.of(ExplainedTogether)
    with np.load(mean.map_file) as arrays:
        assert arrays["picture"].shape[:2] == arrays["map"].shape
        assert arrays["picture"].dtype == np.uint8
