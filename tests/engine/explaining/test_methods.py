"""Every method of the registry, and what is known of each by its formula."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import cv2
import keras
import numpy as np
import pytest

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.places import resource
from cnnstudio.engine.explaining.baselines import baseline
from cnnstudio.engine.explaining.checks import completeness
from cnnstudio.engine.explaining.explain import Explainer
from cnnstudio.engine.explaining.features import Strongest, filter_tiles, maximized_picture
from cnnstudio.engine.explaining.input_gradients import integrated_gradients, smoothgrad
from cnnstudio.engine.explaining.occlusion import occlusion
from cnnstudio.engine.models import load
from tests.engine.explaining.models import corner, dense_only, nested, picture, saved, scores_of

SCRIPT = """
import sys, numpy as np
from pathlib import Path
from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.engine import models
from cnnstudio.engine.explaining.explain import Explainer
explainer = Explainer(models.load(Path(sys.argv[1])))
pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
np.savez(sys.argv[2], **{entry.id: explainer.explain(pixels, entry, explainer.layer(entry, ""), 0, {}).values
                         for entry in EXPLANATIONS})
"""


def explained(explainer, method, label=0, size=16, **params):
    entry = EXPLANATIONS[method]
    return explainer.explain(picture(size).astype(np.uint8), entry, explainer.layer(entry, ""), label, params)


@pytest.mark.parametrize("method", EXPLANATIONS.ids())
def test_every_method_gives_a_map_of_the_input(method, tmp_path):
    explainer = Explainer(load(saved(nested(), tmp_path)))
    answer = explained(explainer, method)
    assert answer.values.shape == (16, 16)
    assert answer.values.dtype == np.float32
    assert answer.values.any()
    assert EXPLANATIONS[method].signed or answer.values.min() >= 0
    again = explained(explainer, method)
    np.testing.assert_array_equal(again.values, answer.values)
    assert str(EXPLANATIONS[method].help)
    assert EXPLANATIONS[method].passes(EXPLANATIONS[method].values({})) > 0


@pytest.mark.parametrize("backend", ["torch", pytest.param("jax", marks=pytest.mark.nightly)])
def test_other_backends_give_the_same_maps(backend, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    path = saved(nested(), tmp_path)
    explainer = Explainer(load(path))
    done = subprocess.run([sys.executable, "-c", SCRIPT, path, tmp_path / "maps.npz"], capture_output=True, text=True,
                          check=False, env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(
                              resource("..").resolve())})
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as other:
        for method in EXPLANATIONS.ids():
            mine = explained(explainer, method).values
            np.testing.assert_allclose(other[method], mine, atol=1e-4 * np.abs(mine).max(), err_msg=method)


@pytest.mark.parametrize("start", ["black", "grey", "white", "mean", "blur"])
def test_integrated_gradients_add_up_to_the_difference_of_the_scores(start):
    scores = scores_of(nested())
    found = integrated_gradients(scores, picture(), 2, "", {"steps": 200, "baseline": start})
    assert completeness(scores, picture(), 2, found, start) < 0.03


def test_integrated_gradients_of_a_linear_network_are_exact():
    start = keras.Input((4, 4, 1))
    layers = keras.layers
    model = keras.Model(start, layers.Dense(2)(layers.Flatten()(start)))
    scores = scores_of(model, 2)
    shown = picture(4)[..., :1]
    found = integrated_gradients(scores, shown, 1, "", {"steps": 2, "baseline": "black"})
    kernel = np.asarray(model.layers[-1].kernel)[:, 1].reshape(4, 4)
    np.testing.assert_allclose(found, shown[..., 0] * kernel, rtol=1e-4, atol=1e-3)


def test_smoothgrad_without_noise_is_the_gradient():
    scores = scores_of(nested())
    wanted = np.abs(scores.gradient(picture()[None], np.asarray([0])).gradient[0]).max(axis=-1)
    found = smoothgrad(scores, picture(), 0, "", {"samples": 3, "noise": 0.0})
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_occlusion_finds_the_only_part_that_counts():
    shown = np.full((32, 32, 3), 200, np.float32)
    found = occlusion(scores_of(corner(), 2), shown, 1, "", {"patch": 0.2, "stride": 0.1, "baseline": "black"})
    assert found[4:12, 4:12].min() > 0
    np.testing.assert_allclose(found[24:, 24:], 0, atol=1e-4)
    finer = occlusion(scores_of(corner(), 2), shown, 1, "", {"patch": 1 / 32, "stride": 1 / 32, "baseline": "black"})
    assert (finer[:16, :16] > 1e-4).all(), "the border is covered, too"
    np.testing.assert_allclose(finer[16:], 0, atol=1e-4)


def test_a_network_without_convolution_is_explained_by_its_pixels(tmp_path):
    explainer = Explainer(load(saved(dense_only(), tmp_path, ("a", "b"))))
    for method in ("integrated_gradients", "smoothgrad", "occlusion"):
        assert explained(explainer, method, size=8).values.any()


def test_baselines():
    shown = picture()
    assert baseline(shown, "black").max() == 0
    np.testing.assert_allclose(baseline(shown, "mean")[3, 3], shown.mean(axis=(0, 1)), rtol=1e-5)
    assert baseline(shown[..., :1], "blur").shape == (16, 16, 1)
    assert cv2.Laplacian(baseline(shown, "blur"), cv2.CV_32F).std() < 0.1 * cv2.Laplacian(shown, cv2.CV_32F).std()


def test_the_strongest_pictures_are_the_same_however_they_come():
    outputs = np.random.default_rng(1).normal(size=(20, 3, 3, 5)).astype(np.float32)
    found = Strongest.empty(5, 4)
    for begin in range(0, 20, 6):
        found.add(outputs[begin:begin + 6])
    peaks = outputs.max(axis=(1, 2))
    for unit in range(5):
        np.testing.assert_array_equal(found.pictures[unit], np.argsort(-peaks[:, unit])[:4])
        number, place = found.pictures[unit, 0], found.positions[unit, 0]
        assert outputs[number, place // 3, place % 3, unit] == found.activations[unit, 0]
    few = Strongest.empty(2, 4)
    few.add(outputs[:2, ..., :2])
    assert few.pictures[0].tolist().count(-1) == 2


def test_a_picture_made_for_a_unit_excites_it_more():
    scores = scores_of(nested())
    layer = scores.network.find("last")
    made, start, end = maximized_picture(scores, layer, 1, 24, lambda: None)
    assert made.shape == (16, 16, 3)
    assert end > start


def test_filters_are_pictures_that_are_grey_at_zero():
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0, 0] = 2
    tiles = filter_tiles(kernel)
    assert [tile.shape for tile in tiles] == [(3, 3, 3)] * 2
    assert tiles[0][1, 1].tolist() == [255, 128, 128]
    assert (tiles[1] == 128).all()
    assert len(filter_tiles(np.ones((3, 3, 8, 1), np.float32))) == 8
