"""Components, nearest pictures, outliers and layouts, of ordinary and of odd collections."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.engine import projection


def clouds(n: int = 90, d: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    which = np.arange(n) % 3
    return (rng.normal(0, 6, (3, d))[which] + rng.normal(0, 1, (n, d))).astype(np.float32), which


def test_nearest_are_those_of_plain_arithmetic():
    rows, _which = clouds(300)
    near, apart = projection.nearest_neighbours(rows, 5)
    whole = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(whole, np.inf)
    wanted = np.argsort(whole, axis=1)[:, :5]
    assert (near == wanted).mean() > 0.999
    assert np.allclose(apart, np.take_along_axis(whole, wanted, 1), atol=1e-2)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_few_pictures_have_few_neighbours(n):
    near, apart = projection.nearest_neighbours(np.random.default_rng(0).normal(0, 1, (n, 4)).astype(np.float32))
    assert near.shape == apart.shape == (n, projection.NEIGHBOURS)
    assert ((near >= 0).sum(axis=1) == n - 1).all()
    assert np.isnan(apart[near < 0]).all()


def test_components_of_odd_features():
    assert projection.principal_components(np.zeros((5, 7), np.float32), 64).shape == (5, 1)
    assert projection.principal_components(np.ones((1, 7), np.float32), 64).shape == (1, 1)
    odd = np.random.default_rng(0).normal(0, 1, (30, 7)).astype(np.float32)
    odd[0, 0], odd[1, 1] = np.nan, np.inf
    assert np.isfinite(projection.principal_components(odd, 3)).all()


def test_a_lone_picture_is_an_outlier():
    rows, _which = clouds()
    rows = np.concatenate([rows, np.full((1, 20), 60, np.float32)])
    scores = projection.outlier_scores(projection.nearest_neighbours(rows)[1])
    assert scores.argmax() == 90
    assert scores[90] > 0.6
    assert np.sort(scores)[-2] < 0.5
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("layout", ["tsne", "pca"])
@pytest.mark.parametrize("n", [1, 2, 4, 9, 10, 40])
def test_any_number_of_pictures_is_laid_out(layout, n):
    rows, _which = clouds(n)
    position = projection.project_features(projection.principal_components(rows, 64), layout)
    assert position.shape == (n, 2)
    assert position.dtype == np.float32
    assert np.isfinite(position).all()
    assert np.abs(position).max() <= 1.0001


@pytest.mark.parametrize("layout", ["tsne", "pca"])
def test_identical_pictures_are_laid_out(layout):
    position = projection.project_features(projection.principal_components(np.ones((30, 8), np.float32), 64), layout)
    assert np.isfinite(position).all()


def test_tsne_keeps_groups_together_tells_its_progress_and_is_the_same_again():
    rows, which = clouds(150)
    told: list[tuple[int, int]] = []
    position = projection.project_features(rows, "tsne", lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _total in told] == sorted(done for done, _total in told)
    near, _apart = projection.nearest_neighbours(position, 5)
    assert (which[near] == which[:, None]).mean() > 0.95
    assert np.array_equal(position, projection.project_features(rows, "tsne"))


def test_few_pictures_need_no_threads(monkeypatch):
    asked = []

    class Fit:
        def __init__(self, **given):
            asked.append(given["n_jobs"])

        def fit(self, reduced):
            return reduced[:, :2]

    monkeypatch.setattr("openTSNE.TSNE", Fit)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    for n in (20, 2000):
        projection.project_features(np.random.default_rng(0).normal(size=(n, 8)), "tsne")
    assert asked == [1, 4]


def test_tsne_can_be_stopped():
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        projection.project_features(clouds()[0], "tsne", check=check)
