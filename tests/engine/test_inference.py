"""The engines that predict: the same answers as Keras, from any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import classifiers, conversion, inference, model_card, models


def small():
    """With pixels scaled to one: logits of hundreds would make rounding alone larger than the tolerance."""
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(3, 3),
                             keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])


@pytest.mark.parametrize("copies", [1 << 30, 1])
def test_the_quick_engine_answers_any_number_of_pictures_in_their_order(monkeypatch, copies):
    """Also where the copies of the weights leave room for one worker alone."""
    pytest.importorskip("ai_edge_litert")
    model = small()
    pictures = np.random.default_rng(1).integers(0, 255, (75, 8, 8, 3), np.uint8)
    wanted = inference.KerasEngine(model).predict(pictures)
    content = conversion.Traced(model).convert()
    monkeypatch.setattr(inference, "_COPIES_BYTES", copies)
    engine = inference.LiteRTEngine(content, 3)
    assert engine.batch == (24 if copies > 1 else 16)
    for count in (1, 2, 4, 5, 24, 75):
        assert inference.agrees(engine.predict(pictures[:count]), wanted[:count])
    assert inference.agrees(inference.run(engine, 75, lambda places: pictures[places]), wanted)


def test_the_quick_engine_is_kept_where_it_agrees(tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    model = small()
    pictures = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3), np.uint8)
    with monkeypatch.context() as patched:
        patched.setattr(inference.LiteRTEngine, "predict", lambda _self, batch: np.full((len(batch), 2), 0.5))
        assert inference.engine_for(model, pictures[:4], tmp_path).name == "keras"
        assert not (tmp_path / "engines").exists()
    for _ in range(2):
        engine = inference.engine_for(model, pictures[:4], tmp_path)
        assert engine.name == "litert"
        assert inference.agrees(engine.predict(pictures), inference.KerasEngine(model).predict(pictures))
        monkeypatch.setattr(conversion.Traced, "__init__", _never)


def _never(*_arguments: object, **_options: object) -> None:
    raise AssertionError("converted or loaded again")


def test_a_damaged_kept_engine_is_made_again(tmp_path):
    pytest.importorskip("ai_edge_litert")
    model = small()
    pictures = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 3), np.uint8)
    inference.engine_for(model, pictures, tmp_path)
    kept = next((tmp_path / "engines").iterdir())
    content = kept.read_bytes()
    for damaged in (b"damaged", content[:-1] + bytes([content[-1] ^ 1]), b""):
        kept.write_bytes(damaged)
        engine = inference.engine_for(model, pictures, tmp_path)
        assert engine.name == "litert"
        assert inference.agrees(engine.predict(pictures), inference.KerasEngine(model).predict(pictures))
        assert kept.read_bytes() == content


def test_a_file_that_was_converted_is_answered_without_keras(tmp_path, monkeypatch):
    """Whether on its first answers or in advance, after its training."""
    pytest.importorskip("ai_edge_litert")
    model = small()
    pictures = np.random.default_rng(0).integers(0, 255, (9, 8, 8, 3), np.uint8)
    card = model_card.Card(recipe=RecipeSpec(width=8, height=8), class_names=("a", "b"), label_mode="categorical")
    wanted = inference.KerasEngine(model).predict(pictures)
    models.save_model(model, tmp_path / "first.keras", card)
    classifiers.open_classifier(tmp_path / "first.keras", lambda _path, _card: pictures, tmp_path / "cache")
    models.save_model(model, tmp_path / "ahead.keras", msgspec.structs.replace(card, class_names=("c", "d")))
    inference.convert_ahead(model, tmp_path / "ahead.keras", pictures, tmp_path / "cache")
    models.save_model(model, tmp_path / "other.keras", msgspec.structs.replace(card, class_names=("e", "f")))
    monkeypatch.setattr(models, "load", _never)
    for name, names in (("first", ("a", "b")), ("ahead", ("c", "d"))):
        opened = classifiers.open_classifier(tmp_path / f"{name}.keras", _never, tmp_path / "cache")
        assert (opened.engine.name, opened.card.class_names) == ("litert", names)
        np.testing.assert_allclose(opened.engine.predict(pictures), wanted, atol=1e-5)
    with pytest.raises(AssertionError):
        classifiers.open_classifier(tmp_path / "other.keras", lambda _path, _card: pictures, tmp_path / "cache")


def test_a_file_that_cannot_be_read_is_a_problem_and_ends_no_training(tmp_path, monkeypatch):
    model = small()
    pictures = np.zeros((2, 8, 8, 3), np.uint8)

    def unreadable(_path):
        raise OSError("Input/output error")

    monkeypatch.setattr(conversion, "file_digest", unreadable)
    inference.convert_ahead(model, tmp_path / "gone.keras", pictures, tmp_path / "cache")
    (tmp_path / "damaged.keras").write_bytes(b"damaged")
    with pytest.raises(ProblemError):
        classifiers.open_classifier(tmp_path / "damaged.keras", lambda _path, _card: pictures, tmp_path / "cache")


CALLS = 2000
"""Calls of each test of threads; ten thousand were tried by hand."""


@pytest.mark.parametrize("name", ["keras", "litert"])
@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_threads_may_ask_an_engine(name, count):
    """One interpreter shared without a lock failed three times in four here, and was silently wrong now and then."""
    model = small()
    if name == "litert":
        pytest.importorskip("ai_edge_litert")
        engine = inference.LiteRTEngine(conversion.Traced(model).convert(), 2)
    else:
        engine = inference.KerasEngine(model)
    pictures = np.random.default_rng(3).integers(0, 255, (64, 8, 8, 3), np.uint8)
    wanted = inference.KerasEngine(model).predict(pictures)
    starts = [number * 7 % (64 - count) for number in range(CALLS if name == "litert" else 200)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda start: engine.predict(pictures[start:start + count]), starts))
    for start, answer in zip(starts, answers, strict=True):
        np.testing.assert_allclose(answer, wanted[start:start + count], atol=1e-5)


def test_pictures_of_another_shape_are_refused_not_answered():
    pytest.importorskip("ai_edge_litert")
    engine = inference.LiteRTEngine(conversion.Traced(small()).convert(), 2)
    for shape in ((1, 9, 8, 3), (1, 8, 8, 1), (5, 7, 7, 3)):
        with pytest.raises(ValueError, match="Expected pictures of shape"):
            engine.predict(np.zeros(shape, np.uint8))
