"""A folder of painted pictures for the tests of audits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.audit_material import paint, save


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of 24 good pictures each, 20 for training and 4 for the test."""
    folder = tmp_path / "pictures"
    for number in range(48):
        name = ("cat", "dog")[number % 2]
        save(folder / ("test" if number >= 40 else "train") / name / f"{number:03}.jpg", paint(number))
    return folder
