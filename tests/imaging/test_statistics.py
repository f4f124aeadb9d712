"""Mean and deviation of the training pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.imaging.statistics import channel_counts, measure, statistics_of

from .pictures import saved, scene
from .test_prepare import picture, recipe


def test_they_are_numpys() -> None:
    pictures = np.stack([picture(3), np.roll(picture(3), 3, axis=2)])
    counts = sum(channel_counts(item) for item in pictures)
    mean, deviation = statistics_of(np.asarray(counts))
    assert mean == pytest.approx(pictures.mean(axis=(0, 1, 2)), abs=1e-4)
    assert deviation == pytest.approx(pictures.std(axis=(0, 1, 2)), abs=1e-4)
    assert statistics_of(np.zeros((1, 256), np.int64)) == ((0.0,), (0.0,))


def test_files_are_prepared_and_bad_ones_skipped(tmp_path: Path) -> None:
    paths = []
    for number in range(70):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(saved(scene(20 + number % 3, 16), "PNG"))
    paths[3].write_bytes(b"nothing")
    paths.append(tmp_path / "gone.png")
    seen: list[tuple[int, int]] = []
    result = measure(paths, recipe(color_mode="grayscale"), {}, progress=lambda *item: seen.append(item))
    assert (result.pictures, result.skipped) == (69, 2)
    assert len(result.mean) == len(result.deviation) == 1
    assert seen[-1] == (71, 71)
    assert result == measure(paths[::-1], recipe(color_mode="grayscale"), {})

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(paths, recipe(), {}, check=stop)
