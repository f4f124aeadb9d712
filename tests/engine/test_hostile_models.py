"""Model files that were made to harm: refused before Keras reads them."""

from __future__ import annotations

import zipfile

import keras
import msgspec
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import model_card, models


@pytest.mark.parametrize("part", [
    {"class_name": "__lambda__", "config": {"value": "4wEA"}},
    {"class_name": "Lambda", "config": {"function": "x"}},
    {"module": None, "class_name": "Dense", "config": {}},
    {"module": "os", "class_name": "system", "config": {}},
])
def test_a_part_without_a_known_module_is_on_the_list(part):
    assert models._refused({"config": {"layers": [part]}}) == part["class_name"]


@pytest.mark.parametrize(("config", "code"), [
    (b"[" * 100_000, "damaged_model"), (b'"\xff"', "damaged_model"), (b"[]", "damaged_model"),
    (b'[{"class_name":1}' + b',{"class_name":1}' * models.MOST_CONFIG_PARTS + b"]", "model_too_large"),
    (b" " * (models.MOST_CONFIG_BYTES + 1), "model_too_large")], ids=["nested", "no UTF-8", "list", "parts", "bytes"])
def test_a_description_that_is_damaged_or_too_large_is_refused(tmp_path, config, code):
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
    with pytest.raises(ProblemError) as raised:
        models.load(tmp_path / "m.keras")
    assert raised.value.problems[0].code == code


def test_a_card_with_fewer_classes_than_outputs_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
    card = model_card.Card(recipe=RecipeSpec(height=4, width=4), class_names=("a", "b", "c"), label_mode="categorical")
    models.save_model(model, tmp_path / "m.keras", card)
    assert models.load(tmp_path / "m.keras").card == card
    models.save_model(model, tmp_path / "m.keras", msgspec.structs.replace(card, class_names=("a", "b")))
    with pytest.raises(ProblemError, match=r"number of classes \(2\) differs from its number of outputs \(3\)"):
        models.load(tmp_path / "m.keras")
