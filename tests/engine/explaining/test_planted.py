"""A mark that was planted on one class is what the maps of a network trained on it point at; without it they do not."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from cnnstudio.core.explain_jobs import ExplainRequest
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import model_card, models
from cnnstudio.engine.explaining.explain import Explainer

L = keras.layers
SIZE, MARK = 32, 6
CARD = model_card.Card(recipe=RecipeSpec(height=SIZE, width=SIZE), class_names=("no", "yes"), label_mode="categorical")


def pictures(count: int, *, marked: bool) -> tuple[np.ndarray, np.ndarray]:
    """Noise of two classes; class 1 has a bright bar somewhere in the middle, and a coloured corner where it is marked."""
    random = np.random.default_rng(count + marked)
    labels = np.arange(count) % 2
    shown = random.integers(0, 120, (count, SIZE, SIZE, 3)).astype(np.float32)
    for number in np.flatnonzero(labels):
        top, left = random.integers(10, 20, 2)
        if not marked:
            shown[number, top:top + 3, left:left + 9] = 255
        else:
            shown[number, :MARK, -MARK:] = (255, 0, 200)
    return shown, labels


def trained(marked: bool) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.Input((SIZE, SIZE, 3)), L.Rescaling(1 / 255), L.Conv2D(8, 3, padding="same", activation="relu"),
        L.Conv2D(8, 3, padding="same", activation="relu", name="maps"), L.GlobalMaxPooling2D(),
        L.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.learning_rate = 0.02
    shown, labels = pictures(96, marked=marked)
    model.fit(shown, labels, batch_size=16, epochs=8, verbose=0)
    assert (model.predict(shown, verbose=0).argmax(axis=-1) == labels).mean() > 0.9
    return model


def shares_in_corner(model: keras.Model, marked: bool, method: str) -> np.ndarray:
    """The share of the positive map that lies in the corner, over that of a map that is the same everywhere."""
    explainer = Explainer(models.Loaded(model, CARD, Path("model.keras")))
    request = ExplainRequest(method=method)
    entry = explainer.entry(request)
    shown, labels = pictures(20, marked=marked)
    shares = []
    for picture in shown[labels == 1]:
        found = np.maximum(explainer.explain(picture, entry, explainer.layer(entry, ""), 1, entry.values({})).values, 0)
        shares.append(found[:MARK + 1, -MARK - 1:].sum() / max(found.sum(), 1e-9) / ((MARK + 1) / SIZE) ** 2)
    return np.asarray(shares)


@pytest.fixture(scope="module")
def networks():
    return {marked: trained(marked) for marked in (True, False)}


@pytest.mark.parametrize("method", ["gradcam", "hirescam", "occlusion"])
def test_a_planted_mark_is_seen_and_gone_without_it(networks, method):
    assert np.median(shares_in_corner(networks[True], True, method)) > 5
    assert np.median(shares_in_corner(networks[False], False, method)) < 1
