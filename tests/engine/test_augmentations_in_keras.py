"""Every augmentation gives the pixels that Keras's layer gives for the same draw."""

from __future__ import annotations

from typing import Any

import cv2
import keras
import numpy as np
from keras import layers, ops

from cnnstudio.catalog.augmenting import make_augmenter
from tests.imaging.pictures import scene
from tests.imaging.test_augment import step
from tests.imaging.test_photometric import done


def geometry_of_keras(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """What Keras's layers make of uint8 pictures (n, 64, 96, 3), by the names of GEOMETRY."""
    results: dict[str, np.ndarray] = {}

    def run(name: str, layer: Any, transformation: Any = None) -> None:
        data = pictures.astype("float32")
        if transformation is None:
            transformation = layer.get_random_transformation(data, training=True)
        results[name] = np.asarray(layer.transform_images(keras.ops.convert_to_tensor(data), transformation, training=True))

    for mode in ("reflect", "constant", "wrap", "nearest"):
        run("rotation-" + mode, layers.RandomRotation((0.1, 0.1), fill_mode=mode, fill_value=30.0))
    run("rotation-back", layers.RandomRotation((-0.2, -0.2)))
    run("zoom-out", layers.RandomZoom((0.3, 0.3)))
    run("zoom-in", layers.RandomZoom((-0.4, -0.4), (-0.1, -0.1)))
    run("translation", layers.RandomTranslation((0.2, 0.2), (-0.1, -0.1)))
    run("translation-constant", layers.RandomTranslation((-0.25, -0.25), (0.125, 0.125), fill_mode="constant"))
    shear = layers.RandomShear((0.2, 0.2), (0.1, 0.1))
    some = shear.get_random_transformation(pictures.astype("float32"), training=True)
    for sign in (1.0, -1.0):
        run(f"shear{sign:+.0f}", shear, {**some, "shear_factor": keras.ops.abs(some["shear_factor"]) * sign})
    run("brightness", layers.RandomBrightness((0.1, 0.1)))
    contrast = layers.RandomContrast(0.5)
    run("contrast", contrast, {"contrast_factor": np.full((len(pictures), 1, 1, 1), 1.4, "float32")})
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        flip = layers.RandomFlip(mode)
        some = flip.get_random_transformation(pictures.astype("float32"), training=True)
        run("flip-" + mode, flip, {**some, "flips": np.ones((len(pictures), 1, 1, 1), bool)})
    # A crop of 32 x 48 at (10, 20), brought back to 64 x 96.
    results["crop"] = np.asarray(keras.ops.image.resize(pictures[:, 10:42, 20:68].astype("float32"), (64, 96)))
    return results


GEOMETRY: dict[str, dict[str, Any]] = {
    **{f"rotation-{mode}": step("random_rotation", factor=(0.1, 0.1), fill_mode=mode, fill_value=30.0)
       for mode in ("reflect", "constant", "wrap", "nearest")},
    "rotation-back": step("random_rotation", factor=(-0.2, -0.2)),
    "zoom-out": step("random_zoom", height_factor=(0.3, 0.3), width_factor=None),
    "zoom-in": step("random_zoom", height_factor=(-0.4, -0.4), width_factor=(-0.1, -0.1)),
    "translation": step("random_translation", height_factor=(0.2, 0.2), width_factor=(-0.1, -0.1)),
    "translation-constant": step("random_translation", height_factor=(-0.25, -0.25), width_factor=(0.125, 0.125),
                                 fill_mode="constant"),
    "shear+1": step("random_shear", x_factor=(0.2, 0.2), y_factor=(0.1, 0.1)),
    "shear-1": step("random_shear", x_factor=(0.2, 0.2), y_factor=(0.1, 0.1)),
    "brightness": step("random_brightness", factor=(0.1, 0.1)),
    "contrast": step("random_contrast", factor=(-0.4, 0.4)),
    "crop": step("random_crop", scale=(0.5, 0.5)),
    **{f"flip-{mode}": step("random_flip", mode=mode)
       for mode in ("horizontal", "vertical", "horizontal_and_vertical")},
}


def test_every_factor_means_what_it_means_in_keras() -> None:
    pictures = cv2.GaussianBlur(np.asarray(scene(96, 64)), (9, 9), 3)[None].repeat(2, axis=0)
    keras_pictures = geometry_of_keras(pictures)
    assert set(keras_pictures) == set(GEOMETRY)
    for name, item in GEOMETRY.items():
        augmenter = make_augmenter([item], 64, 96, 3)
        # Flips and shears toss a coin: look for the draw that fell as Keras's was made to fall.
        tries = augmenter.draw(0, 0, np.arange(64))
        wanted = 0
        if name.startswith("flip"):
            wanted = int(np.argmax(tries.moved))
        if name.startswith("shear"):
            wanted = int(np.argmax(tries.matrices[:, 0, 1] * float(name[5:]) > 0))
        if name == "contrast":
            tries = augmenter.draw(0, 0, np.arange(2000))
            wanted = int(np.argmin(np.abs(tries.photometric[0][1] - 1.4)))
        parameters = augmenter.draw(0, 0, np.array([wanted, wanted]))
        if name == "crop":
            parameters.matrices[:, :, 2] = (20 - 0.25, 10 - 0.25)
        ours = augmenter(pictures, parameters).astype(float)
        difference = np.abs(ours - np.clip(keras_pictures[name], 0, 255))
        # OpenCV places pixels on a grid of 1/32. Where the picture wraps around, TensorFlow does not
        # interpolate across the seam, and OpenCV does: that touches one line of pixels a seam.
        wraps = name.endswith("wrap")
        assert difference.mean() < (2.0 if wraps else 0.75), name
        assert np.quantile(difference, 0.93 if wraps else 0.99) < 3.0, name



def colors_of_keras(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """What Keras's layers make of float32 pictures of 0 to 255, by the names of COLORS."""
    count = len(pictures)
    results: dict[str, np.ndarray] = {}

    def full(value: float) -> Any:
        return ops.convert_to_tensor(np.full((count,), value, "float32"))

    def run(name: str, layer: Any, transformation: Any, scale: float = 1.0) -> None:
        answer = layer.transform_images(ops.convert_to_tensor(pictures / scale), transformation, training=True)
        results[name] = np.asarray(answer) * scale

    for shift in (0.2, -0.15):
        run(f"hue{shift}", layers.RandomHue(0.5), {"factor": full(shift)})
    for times in (0.4, 2.5):
        run(f"saturation{times}", layers.RandomSaturation(0.5, value_range=(0, 1)), {"factor": full(times)}, 255.0)
    for share in (0.1, 0.8):
        run(f"sharpness{share}", layers.RandomSharpness(0.5), {"factor": full(share)})
    run("blur", layers.RandomGaussianBlur(kernel_size=7, sigma=(1, 2)), {
        "should_apply_blur": ops.convert_to_tensor(np.ones(count, bool)),
        "blur_factor": ops.convert_to_tensor(np.array([1.5, 0.8], "float32"))})
    run("grayscale", layers.RandomGrayscale(1.0), ops.convert_to_tensor(np.ones((count, 1, 1, 1), bool)))
    shifts = ops.convert_to_tensor(np.full(count, 5, "uint8"))
    run("posterization", layers.RandomPosterization((3, 3)), {"shift_factor": shifts})
    run("solarization", layers.Solarization(), {
        "additions": ops.convert_to_tensor(np.full((count, 1, 1, 1), 20, "float32")),
        "thresholds": ops.convert_to_tensor(np.full((count, 1, 1, 1), 130, "float32"))})
    run("invert", layers.RandomInvert(), {"apply_inversion": ops.convert_to_tensor(np.ones(count, bool))})
    one = layers.Equalization()
    results["equalization"] = np.stack([np.asarray(one(picture)) for picture in pictures])
    mask = np.zeros(pictures.shape, bool)
    mask[:, 5:20, 8:30] = True
    run("erasing", layers.RandomErasing(fill_value=9), {
        "apply_erasing": ops.convert_to_tensor(np.ones(count, bool)), "batch_masks": ops.convert_to_tensor(mask),
        "fill_value": ops.convert_to_tensor(np.full(pictures.shape, 9, "float32"))})
    return results


COLORS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "hue0.2": ("random_hue", 0.2, {}), "hue-0.15": ("random_hue", -0.15, {}),
    "saturation0.4": ("random_saturation", 0.4, {}), "saturation2.5": ("random_saturation", 2.5, {}),
    "sharpness0.1": ("random_sharpness", 0.2, {}), "sharpness0.8": ("random_sharpness", 1.6, {}),
    "blur": ("random_gaussian_blur", (1.5, 0.8), {"kernel_size": 7}),
    "grayscale": ("random_grayscale", 1.0, {}), "posterization": ("random_posterization", 3.0, {}),
    "solarization": ("solarization", (20.0, 130.0), {}), "invert": ("random_invert", 1.0, {}),
    "equalization": ("equalization", 1.0, {}),
    "erasing": ("random_erasing", (8, 30, 5, 20, 0), {"fill_value": 9.0}),
}


def test_every_value_means_what_it_means_in_keras() -> None:
    # Colours that are neither pale nor at the ends: what Keras does to rounded ones is a matter of taste.
    pictures = np.stack([np.asarray(scene(64, 48)), np.roll(np.asarray(scene(64, 48)), 9, axis=1)])
    theirs = colors_of_keras(pictures.astype(np.float32))
    assert set(theirs) == set(COLORS)
    for name, (kind, value, params) in COLORS.items():
        ours = np.stack([done(kind, value, picture, **params) for picture in pictures]).astype(float)
        # Keras darkens the border of what it convolves.
        inside = np.s_[:, 4:-4, 4:-4] if kind in ("random_sharpness", "random_gaussian_blur") else np.s_[:]
        difference = np.abs(ours[inside] - np.clip(theirs[name][inside], 0, 255))
        assert difference.max() <= 1.01, (name, difference.max(), difference.mean())
        assert np.abs(ours - pictures).max() > 20, name
