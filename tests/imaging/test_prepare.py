"""Operations, the recipe, and what its stages show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from cnnstudio.catalog.pixels import PIXELS as STEPS
from cnnstudio.catalog.pixels import prepare, prepare_file, stages
from cnnstudio.catalog.steps.recipe import bilateral_filter, canny, clahe, equalize, gaussian_blur, median_blur
from cnnstudio.core.item import Step
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.operations import INTERPOLATIONS, crop, resize

from .pictures import saved, scene, with_alpha


def picture(channels: int = 3, height: int = 47, width: int = 61) -> np.ndarray:
    colors = np.asarray(scene(width, height))
    if channels == 1:
        return colors[..., 2:].copy()
    return colors if channels == 3 else np.dstack([colors, colors[..., 0]])


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("interpolation", ["auto", *INTERPOLATIONS])
def test_resize_gives_the_size(channels: int, fit: str, interpolation: str) -> None:
    for size in ((20, 30), (100, 90), (1, 1), (47, 61), (10, 200), (1, 500)):
        result = resize(picture(channels), *size, fit=fit, interpolation=interpolation)
        assert result.shape == (*size, channels)
        assert result.dtype == np.uint8


def test_auto_averages_when_shrinking_and_interpolates_when_enlarging() -> None:
    source = picture()
    assert np.array_equal(resize(source, 20, 30), cv2.resize(source, (30, 20), interpolation=cv2.INTER_AREA))
    assert np.array_equal(resize(source, 94, 122), cv2.resize(source, (122, 94), interpolation=cv2.INTER_LINEAR))
    stripes = np.zeros((64, 10, 1), np.uint8)
    stripes[::2] = 255
    mixed = resize(stripes, 8, 40)
    assert mixed.min() >= 127
    assert mixed.max() <= 128


def test_crop_takes_the_middle() -> None:
    wide = np.zeros((10, 30, 1), np.uint8)
    wide[:, 10:20] = 255
    assert (resize(wide, 10, 10, fit="crop") == 255).all()
    assert (resize(wide.swapaxes(0, 1).copy(), 5, 5, fit="crop") == 255).all()


def test_every_interpolation_is_opencvs_own_and_the_recipe_offers_it() -> None:
    from cnnstudio.core.params import find_param
    from cnnstudio.core.recipe import RECIPE_PARAMS

    offered = {option.value for option in find_param(RECIPE_PARAMS, "interpolation").options}  # type: ignore[union-attr]
    assert offered == {"auto", *INTERPOLATIONS}
    source = picture()
    result = {name: resize(source, 31, 40, interpolation=name) for name in INTERPOLATIONS}
    for name, flag in INTERPOLATIONS.items():
        assert np.array_equal(result[name], cv2.resize(source, (40, 31), interpolation=flag)), name
    assert not np.array_equal(result["nearest"], result["nearest_opencv"])
    assert not np.array_equal(result["bicubic"], result["lanczos4"])
    assert not np.array_equal(result["area"], result["bilinear"])


def test_a_crop_keeps_the_middle_or_a_box_and_at_least_a_pixel() -> None:
    source = picture(height=40, width=60)
    assert np.array_equal(crop(source, "share", 0.5), source[10:30, 15:45])
    assert np.array_equal(crop(source, "box", box=(5, 7, 20, 30)), source[5:25, 7:37])
    assert np.array_equal(crop(source, "box", box=(5, 7, 0, 0)), source[5:, 7:])
    assert np.array_equal(crop(source, "box", box=(30, 50, 20, 30)), source[30:, 50:])
    assert crop(source, "box", box=(400, 500, 20, 30)).shape == (1, 1, 3)
    assert crop(source, "share", 0.001).shape == (1, 1, 3)
    assert crop(source, "none", 0.5) is source
    with pytest.raises(ValueError, match="Received"):
        crop(source, "circle")


def test_the_crop_comes_before_the_resize_and_is_a_stage_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(scene(60, 40), "PNG"))
    plan = recipe(crop="box", crop_box=[5, 7, 20, 30])
    source = np.asarray(scene(60, 40))
    assert np.array_equal(prepare_file(path, plan), resize(source[5:25, 7:37], 24, 32))
    shown = stages(path, plan)
    assert [(stage.id, stage.picture.shape[:2]) for stage in shown] == [
        ("decoded", (40, 60)), ("color_mode", (40, 60)), ("crop", (20, 30)), ("resize", (24, 32))]


def test_the_pixel_part_names_only_what_decides_over_pixels() -> None:
    plain = RecipeSpec()
    for same in (RecipeSpec(normalization="none"), RecipeSpec(mean=(1.0,), deviation=(2.0,), measured="x"),
                 RecipeSpec(crop_share=0.5), RecipeSpec(crop_box=(1, 2, 3, 4)),
                 RecipeSpec(steps=(Step(id="a", type="canny", enabled=False),))):
        assert same.pixel_part() == plain.pixel_part()
    for other in (RecipeSpec(crop="share"), RecipeSpec(crop="box"), RecipeSpec(width=65)):
        assert other.pixel_part() != plain.pixel_part()
    assert RecipeSpec(crop="share", crop_share=0.5).pixel_part() != RecipeSpec(crop="share").pixel_part()
    assert "crop_box" not in RecipeSpec(crop="share").pixel_part()


def test_pad_centres_on_the_background() -> None:
    wide = np.full((10, 30, 3), 7, np.uint8)
    padded = resize(wide, 30, 30, fit="pad", background=(1, 2, 3))
    assert (padded[:10] == (1, 2, 3)).all()
    assert (padded[10:20] == 7).all()
    assert (padded[20:] == (1, 2, 3)).all()
    assert (resize(np.dstack([wide, wide[..., 0]]), 30, 30, fit="pad")[0, 0] == (255, 255, 255, 0)).all()
    gray = resize(wide[..., :1].copy(), 30, 30, fit="pad", background=(255, 0, 0))
    assert gray[0, 0, 0] == 76


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_steps_keep_shape_and_transparency(name: str, channels: int) -> None:
    source = picture(channels)
    before = source.copy()
    result = STEPS[name](source)
    assert result.shape == source.shape
    assert result.dtype == np.uint8
    assert np.array_equal(source, before)
    assert not np.array_equal(result[..., :min(3, channels)], source[..., :min(3, channels)])
    if channels == 4:
        assert np.array_equal(result[..., 3], source[..., 3])


def test_steps_do_what_they_say() -> None:
    dull = (picture(1) // 4 + 90).astype(np.uint8)
    assert equalize(dull).std() > 2 * dull.std()
    assert np.array_equal(equalize(dull)[..., 0], cv2.equalizeHist(dull[..., 0]))
    assert clahe(dull, 4.0, 2).std() > dull.std()
    color = picture() // 4 + 90
    hue_before, hue_after = (cv2.cvtColor(item.astype(np.uint8), cv2.COLOR_RGB2LAB)[..., 1:].astype(int)
                             for item in (color, equalize(color.astype(np.uint8))))
    assert np.abs(hue_before - hue_after).mean() < 4
    spot = np.zeros((9, 9, 1), np.uint8)
    spot[4, 4] = 200
    assert median_blur(spot, 3).max() == 0
    assert 0 < gaussian_blur(spot, 3).max() < 200
    assert np.array_equal(gaussian_blur(spot, 4, 1.5)[..., 0], cv2.GaussianBlur(spot[..., 0], (5, 5), 1.5))
    edge = np.where(np.arange(20)[None, :, None] < 10, 50, 200).astype(np.uint8).repeat(20, 0)
    noisy = edge + np.random.default_rng(0).integers(0, 9, edge.shape, np.uint8)
    smooth = bilateral_filter(noisy, 5, 50.0, 50.0).astype(int)
    assert smooth[:, :10].std() < noisy[:, :10].std() / 2
    assert smooth[:, 10].min() - smooth[:, 9].max() > 130
    square = np.zeros((30, 30, 3), np.uint8)
    square[10:20, 10:20] = 255
    edges = canny(square)
    assert set(np.unique(edges)) == {0, 255}
    assert (edges[..., 0] == edges[..., 2]).all()
    with pytest.raises(ValueError, match="kernel_size"):
        gaussian_blur(spot, 0)


def recipe(**changes: Any) -> dict[str, Any]:
    return {"height": 24, "width": 32, "color_mode": "rgb", "fit": "stretch", "interpolation": "auto",
            "background": [255, 255, 255], "steps": [], "normalization": "zero_one", **changes}


@pytest.mark.parametrize(("mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_prepare_gives_the_shape(mode: str, channels: int) -> None:
    for data in (saved(scene(), "JPEG"), saved(with_alpha(scene()), "PNG"), saved(scene().convert("1"), "TIFF")):
        result = prepare(data, recipe(color_mode=mode, fit="pad", background=[1, 2, 3]))
        assert result.shape == (24, 32, channels)
        assert result.dtype == np.uint8
        assert result.flags.c_contiguous


def test_prepare_turns_first() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(scene(40, 80), "PNG", exif=exif)
    result = prepare(data, recipe(height=40, width=80))
    assert np.array_equal(result, np.asarray(scene(40, 80).transpose(Image.Transpose.ROTATE_270)))


def test_prepare_of_pixels_and_files_agree(tmp_path: Path) -> None:
    path = tmp_path / "ñ.png"
    path.write_bytes(saved(with_alpha(scene()), "PNG"))
    steps = [{"id": "a", "type": "clahe", "enabled": True, "params": {"clip_limit": 2.0, "tile_grid_size": 4}},
             {"id": "b", "type": "canny", "enabled": False, "params": {}},
             {"id": "c", "type": "gaussian_blur", "enabled": True, "params": {"kernel_size": 3, "sigma": 0.0}}]
    plan = recipe(steps=steps, color_mode="grayscale", extra="ignored")
    from_file = prepare_file(path, plan)
    assert np.array_equal(from_file, prepare(path.read_bytes(), plan))
    assert np.array_equal(from_file, prepare(decode(path.read_bytes(), channels=4), plan))
    shown = stages(path, plan)
    assert [stage.id for stage in shown] == ["decoded", "color_mode", "resize", "a", "c"]
    assert shown[0].picture.shape == (47, 61, 4)
    assert np.array_equal(shown[-1].picture, from_file)


def test_the_recipe_spec_is_understood() -> None:
    spec = RecipeSpec(height=10, width=12, steps=(Step(id="x", type="median_blur", params={"kernel_size": 3}),))
    plain = msgspec.json.decode(msgspec.json.encode(spec))
    data = saved(scene(), "PNG")
    assert np.array_equal(prepare(data, spec.as_dictionary()), prepare(data, plain))
    assert prepare(data, plain).shape == spec.shape


def test_defaults_are_those_of_the_catalog() -> None:
    import inspect

    from cnnstudio.catalog.steps import RECIPE_STEPS
    for kind in RECIPE_STEPS:
        given = {name: item.default for name, item in inspect.signature(STEPS[kind.id]).parameters.items()
                 if name != "picture"}
        assert given == {param.name: param.default for param in kind.params}, kind.id


def test_unknown_words_are_refused() -> None:
    data = saved(scene(), "PNG")
    for bad in ({"color_mode": "cmyk"}, {"fit": "squeeze"}, {"interpolation": "best"},
                {"steps": [{"id": "x", "type": "sharpen_more", "params": {}}]}):
        with pytest.raises(ValueError, match="Received"):
            prepare(data, recipe(**bad))
