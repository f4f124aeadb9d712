"""Samples of floating point that are NaN or infinite: counted, named, and of no weight in what is measured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tifffile

from cnnstudio import cli
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.datasets.audit.run import audit
from cnnstudio.datasets.channels import measured_recipe
from cnnstudio.datasets.findings import all_findings
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.sample_ranges import sample_groups, sample_range_problems
from cnnstudio.datasets.sources.arrays import unpack_arrays
from cnnstudio.imaging.decode import count_not_numbers, decode
from cnnstudio.imaging.inspect import inspect_picture
from cnnstudio.imaging.sample_range import SampleRange
from cnnstudio.imaging.statistics import measure_samples

BAD = (np.nan, np.inf, -np.inf)


def write(root: Path, high: float = 300.0, bad: int = 3) -> None:
    """Six pictures a class of numbers from 0 to `high`; the first of each class has that many samples without a value."""
    rng = np.random.default_rng(0)
    for class_name in "ab":
        (root / class_name).mkdir(parents=True)
        for number in range(6):
            samples = rng.uniform(0, high, (40, 40)).astype(np.float32)
            samples[0, :2] = 0, high
            if number == 0:
                begin = min(100, samples.size - bad)
                samples.flat[begin:begin + bad] = (BAD * bad)[:bad]
            tifffile.imwrite(root / class_name / f"{number}.tif", samples)


def opened(root: Path, folder: Path) -> Index:
    index = open_index(folder)
    scan_folder(index, root, Project().dataset)
    inspect_pictures(index, root)
    return index


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_one_picture(tmp_path, kind):
    samples = np.zeros((4, 5, 3), kind)
    samples[0, 0, 0], samples[1, 1, 1], samples[2, 2, 2], samples[3] = *BAD, 1
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, samples, photometric="rgb")
    data = path.read_bytes()
    assert inspect_picture(data)[2] == (f"float{samples.itemsize * 8}", 0.0, 1.0, 3)
    assert count_not_numbers(data) == 3
    picture = decode(data)
    assert picture[0, 0, 0] == picture[2, 2, 2] == 0 and picture[1, 1, 1] == 255


def test_the_ends_of_floating_point(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.array([[-1.7e308, 0, 1.7e308, np.nan]]))
    picture = decode(path.read_bytes(), channels=1, sample_range=SampleRange("window", low=-1.7e308, high=1.7e308))
    assert picture[0, :, 0].tolist() == [0, 128, 255, 0]


def test_a_new_project_and_its_check_name_them(tmp_path, capsys):
    write(tmp_path / "data")
    created, index = create_project(tmp_path / "project", tmp_path / "data", template="small_cnn")
    index.close()
    problem = next(problem for problem in created.problems if problem.code == "not_numbers")
    assert problem.severity == "warning"
    assert problem.text.en.startswith(
        "2 pictures contain samples that are not numbers (NaN) or infinite (6 in all), for example a/0.tif.")
    assert problem.text.es.startswith("2 imágenes contienen muestras que no son números (NaN) o son infinitas (6 en total)")
    assert problem.facts == {"not_numbers": {"pictures": 2, "samples": 6, "example": "a/0.tif"}}
    assert cli.main(["check", str(tmp_path / "project")]) == 0
    assert "samples that are not numbers (NaN) or infinite (6 in all)" in "".join(capsys.readouterr())
    recipe = created.project.recipe
    assert recipe.sample_range == "collection"
    assert 0 <= recipe.sample_low < 2 and 298 < recipe.sample_high <= 300


def test_what_is_excluded_is_not_counted(tmp_path):
    write(tmp_path / "data")
    with closing(opened(tmp_path / "data", tmp_path)) as index:
        index.exclude([picture.id for picture in index.pictures(index.ids()) if picture.path == "a/0.tif"], True)
        group, = sample_groups(index)
        assert (group.damaged, group.not_numbers, group.example) == (1, 3, "b/0.tif")
        problem = sample_range_problems((group,), RecipeSpec(sample_range="window", sample_high=300.0))[0]
        assert problem.text.en.startswith("b/0.tif contains samples that are not numbers (NaN) or infinite: 3.")


def test_the_audit_finds_them(tmp_path):
    write(tmp_path / "data")
    with closing(opened(tmp_path / "data", tmp_path)) as index:
        audit(index, tmp_path / "data", Project().dataset)
        found = all_findings(index, ["not_numbers"])
        assert [(finding.path, finding.severity) for finding in found] == [("a/0.tif", "warning"), ("b/0.tif", "warning")]
        assert found[0].text.en.startswith("Samples that are not numbers (NaN) or infinite: 3.")


@pytest.mark.parametrize("bad", [3, 1600])
def test_percentiles_do_not_feel_them(tmp_path, bad):
    write(tmp_path / "data", bad=bad)
    paths = sorted((tmp_path / "data").rglob("*.tif"))
    low, high = measure_samples(paths, 0, 100) or (np.nan, np.nan)
    assert 0 <= low < 3 and 297 < high <= 300
    picture = decode(paths[0].read_bytes(), sample_range=SampleRange("picture", low=0.1, high=99.9))
    assert (np.ptp(picture) == 0) == (bad == 1600)


def test_pictures_without_one_number_do_not_stop_the_measuring(tmp_path):
    write(tmp_path / "data", bad=1600)
    for path in (tmp_path / "data").rglob("*.tif"):
        if path.name != "0.tif":
            path.unlink()
    with closing(opened(tmp_path / "data", tmp_path)) as index:
        assert sample_groups(index)[0].not_numbers == 3200
        recipe = measured_recipe(Project(recipe=RecipeSpec(sample_range="collection")), index, tmp_path / "data")
        assert np.isfinite((recipe.sample_low, recipe.sample_high)).all()


def test_an_index_of_before_looks_again(tmp_path):
    """Its measures stay; only pictures of floating point are read again."""
    write(tmp_path / "data")
    with closing(opened(tmp_path / "data", tmp_path)) as index:
        audit(index, tmp_path / "data", Project().dataset)
    with closing(sqlite3.connect(tmp_path / "dataset.sqlite")) as connection, connection:
        trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'picture_changed'").fetchone()[0]
        connection.execute("ALTER TABLE samples DROP COLUMN not_numbers")
        connection.execute("UPDATE samples SET type = 'uint16' WHERE picture IN (SELECT id FROM pictures WHERE path > 'a/3')")
        for table in ("scenarios", "scenario_pictures"):
            connection.execute(f"DROP TABLE {table}")
        for name in ("pictures_split", "pictures_measured"):
            connection.execute(f"DROP INDEX {name}")
        connection.execute("PRAGMA user_version = 3")
        assert trigger == connection.execute("SELECT sql FROM sqlite_master WHERE name = 'picture_changed'").fetchone()[0]
    with closing(open_index(tmp_path)) as index:
        assert sorted(path for _, path in index.to_inspect(99)) == ["a/0.tif", "a/1.tif", "a/2.tif"]
        assert index.rows("SELECT COUNT(*) FROM measures")[0][0] == 12
        inspect_pictures(index, tmp_path / "data")
        assert {group.type: group.not_numbers for group in sample_groups(index)} == {"float32": 3, "uint16": 0}


def test_arrays_are_refused_with_their_number(tmp_path, capsys):
    pictures = np.zeros((8, 12, 12), np.float32)
    pictures[2, 0, :2], pictures[5, 3, 3] = np.nan, np.inf
    np.savez(tmp_path / "x.npz", x=pictures, y=np.arange(8) % 2)
    assert cli.main(["new", str(tmp_path / "p"), "--data", str(tmp_path / "x.npz")]) == 2
    text = "".join(capsys.readouterr())
    assert "pictures of the array x with values that are not numbers (NaN) or infinite: 2 of 8 (values: 3)" in text
    assert "number 2" in text
    pictures[~np.isfinite(pictures)] = 0
    np.savez(tmp_path / "x.npz", x=pictures, y=np.arange(8) % 2)
    assert unpack_arrays([tmp_path / "x.npz"], tmp_path / "out")
