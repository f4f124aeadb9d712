"""The architecture bench and the feature maps bench against Keras: sizes, parameters, boxes and maps."""

from __future__ import annotations

from functools import partial
from io import StringIO

import keras
import numpy as np
import pytest

from cnnstudio.engine import models
from cnnstudio.engine.explaining.network import OpenNetwork
from cnnstudio.engine.explaining.receptive import theoretical_box
from cnnstudio.learning.benches.architecture.code import codes
from cnnstudio.learning.benches.architecture.measures import field_box, measure_both
from cnnstudio.learning.benches.feature_maps.code import maps_code
from cnnstudio.learning.benches.feature_maps.depth import share_of
from cnnstudio.learning.benches.feature_maps.run_look import look_at_run, prepared_pixels
from tests.learning.benches.test_architecture import random_design


def printed_by(source: str) -> tuple[str, dict]:
    printed = StringIO()
    names: dict = {"print": partial(print, file=printed)}
    exec(source, names)
    return printed.getvalue(), names


@pytest.mark.parametrize("designs", [8, pytest.param(60, marks=pytest.mark.nightly)])
def test_keras_counts_and_sees_what_the_bench_does(designs) -> None:
    rng = np.random.default_rng(9)
    compared = 0
    while compared < designs:
        design = random_design(rng)
        own, dense = measure_both(design)
        if own.problems:
            continue
        compared += 1
        _formulas, *programs = codes(design)
        for program, measures in zip(programs, (own, dense), strict=True):
            text, names = printed_by(program.source.replace("model.summary()", ""))
            assert text.split() == ["parameters", str(measures.parameters)]
            shapes = [tuple(layer.output.shape[1:]) for layer in names["model"].layers]
            assert shapes == [item.shape for item in measures.rows if item.type != "Input"]
        _text, names = printed_by(programs[0].source.replace("model.summary()", ""))
        network = OpenNetwork(names["model"])
        for layer in network.layers:
            if len(layer.shape) == 3:
                place = rng.random(2)
                position = tuple(min(int(share * side), side - 1) for share, side in zip(place, layer.shape, strict=False))
                assert theoretical_box(network, layer, position) == field_box(design, layer.name, tuple(place)), design
        keras.backend.clear_session()


def test_the_printed_program_computes_the_maps_of_the_layer(trained) -> None:
    run, _folder = trained
    look = look_at_run(run)
    pixels = prepared_pixels(look.files[0], look.recipe)
    model = models.load(run.folder).model
    for layer, sight in look.sights.items():
        if layer == "input":
            continue
        text, _names = printed_by(maps_code(str(run.model_path), layer, pixels).source)
        expected = keras.Model(model.inputs, model.get_layer(layer).output).predict(pixels[None], verbose=0)[0]
        assert expected.shape == (*sight.side, sight.maps)
        first, second = text.splitlines()
        assert first.startswith(f"{expected.shape} ")
        assert [float(part) for part in second.strip("[]").split(",")] == pytest.approx(
            expected.max(axis=(0, 1)).tolist(), rel=1e-4, abs=1e-5)
    shares = [share_of(sight, pixels.shape[:2]) for sight in look.sights.values()]
    assert shares == sorted(shares) and shares[0] < 0.01


def test_the_maps_of_a_layer_in_a_base_are_computed_through_it(tmp_path) -> None:
    inner_start = keras.Input((8, 8, 3))
    inner = keras.Model(inner_start, keras.layers.Conv2D(4, 3, name="conv")(inner_start), name="base")
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.GlobalAveragePooling2D()(inner(keras.layers.Rescaling(1 / 255)(start))))
    model.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    text, _names = printed_by(maps_code(str(tmp_path / "model.keras"), "base/conv", pixels).source)
    expected = inner.predict(pixels[None] / 255, verbose=0)[0]
    assert text.startswith(f"{expected.shape} ")
    assert [float(part) for part in text.splitlines()[1].strip("[]").split(",")] == pytest.approx(
        expected.max(axis=(0, 1)).tolist(), rel=1e-4, abs=1e-5)
