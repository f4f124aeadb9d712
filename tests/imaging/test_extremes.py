"""Whatever the catalog allows, on pictures of any size, is carried out without a crash."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.catalog.augmenting import MIXING, make_augmenter, make_mixer
from cnnstudio.catalog.pixels import PIXELS as STEPS
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS, StepType
from cnnstudio.core.params import Choice, Factor, Float, Int, Param
from cnnstudio.imaging.operations import crop, resize


def allowed(param: Param) -> st.SearchStrategy[Any]:
    """Values that the declaration allows, its ends among them."""
    if isinstance(param, Choice):
        return st.sampled_from([option.value for option in param.options])
    none = st.none() if getattr(param, "optional", False) else st.nothing()
    if isinstance(param, Factor):
        ends = st.sampled_from([param.minimum, param.maximum]) | st.floats(param.minimum, param.maximum)
        return st.tuples(ends, ends).map(lambda pair: tuple(sorted(pair))) | none
    if isinstance(param, Int):
        whole = st.integers(param.minimum, param.maximum)
        return whole.map(lambda value: value | 1) if param.odd else whole | none
    assert isinstance(param, Float)
    low, high = max(param.minimum, -1e3), min(param.maximum, 1e3)
    return st.floats(low, high, exclude_min=param.above) | none


def values(entry: StepType) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({param.name: allowed(param) for param in entry.params}).filter(
        lambda result: all(param.error_text(result[param.name]) is None for param in entry.params))


SIZES = st.tuples(st.sampled_from([1, 2, 3, 17]), st.sampled_from([1, 2, 5, 16]), st.sampled_from([1, 3, 4]))


@pytest.mark.parametrize("entry", list(AUGMENTATIONS), ids=lambda entry: entry.id)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_augmentations(entry: StepType, data: st.DataObject) -> None:
    params, shape = data.draw(values(entry)), data.draw(SIZES)
    pictures = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    step = {"id": "a", "type": entry.id, "enabled": True, "params": params}
    if entry.id in MIXING:
        mixer = make_mixer([step], *shape[:2])
        mixes = mixer.draw(1, 2, np.arange(3))
        result = mixer(pictures, mixes)
        assert ((mixes[0].weights >= 0) & (mixes[0].weights <= 1)).all()
    else:
        augmenter = make_augmenter([step], *shape)
        chance = augmenter.draw(1, 2, np.arange(3))
        result = augmenter(pictures, chance)
        assert all(math.isfinite(value) for _, drawn in chance.photometric for value in np.ravel(drawn))
    assert result.shape == pictures.shape
    assert result.dtype == np.uint8


@pytest.mark.parametrize("entry", list(RECIPE_STEPS), ids=lambda entry: entry.id)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_recipe_steps(entry: StepType, data: st.DataObject) -> None:
    params, shape = data.draw(values(entry)), data.draw(SIZES)
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    result = STEPS[entry.id](picture, **params)
    assert result.shape == picture.shape
    assert result.dtype == np.uint8


@settings(max_examples=100, deadline=None)
@given(shape=SIZES, share=st.floats(0.001, 1), box=st.tuples(*[st.integers(0, 40)] * 4),
       kind=st.sampled_from(["none", "share", "box"]), fit=st.sampled_from(["stretch", "crop", "pad"]))
def test_crop_and_resize(shape: tuple[int, int, int], share: float, box: tuple[int, int, int, int], kind: str,
                         fit: str) -> None:
    picture = np.zeros(shape, np.uint8)
    assert resize(crop(picture, kind, share, box), 7, 9, fit=fit).shape == (7, 9, shape[2])
