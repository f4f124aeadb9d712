"""Deep pictures of a collection: what is stored, what is chosen, and what is said where they are flat as read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec, samples_key, statistics_key
from cnnstudio.datasets.audit.run import audit
from cnnstudio.datasets.channels import measured_recipe
from cnnstudio.datasets.findings import all_findings
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.sample_ranges import (
    SampleGroup,
    chosen_range_notice,
    sample_groups,
    sample_range_problems,
    suggest_range,
)
from cnnstudio.datasets.sources.arrays import unpack_arrays
from cnnstudio.imaging.prepare import sample_range_of
from cnnstudio.imaging.statistics import measure_samples
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.network.checks import check_recipe
from cnnstudio.network.fixes import FIXES


def write(root: Path, low: int, high: int, dtype: type, count: int = 6) -> None:
    """Pictures of noise from `low` to `high`, in two classes."""
    rng = np.random.default_rng(abs(low))
    for class_name in ("a", "b"):
        (root / class_name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            samples = rng.integers(low, high, (40, 40), endpoint=True)
            samples[0, :2] = low, high
            assert cv2.imwrite(str(root / class_name / f"{number}.tif"), samples.astype(dtype))


@pytest.fixture
def twelve_bits(tmp_path: Path) -> Path:
    write(tmp_path / "data", 300, 3900, np.uint16)
    return tmp_path / "data"


def test_a_new_project_reads_twelve_bits_in_sixteen_as_such(twelve_bits: Path, tmp_path: Path) -> None:
    created, index = create_project(tmp_path / "project", twelve_bits, template="small_cnn")
    with closing(index):
        assert sample_groups(index) == (SampleGroup(type="uint16", pictures=12, low=300, high=3900),)
    recipe = created.project.recipe
    assert (recipe.sample_range, recipe.significant_bits) == ("bits", 12)
    notice = next(problem for problem in created.problems if problem.code == "sample_range_chosen")
    assert "12 significant bits in 16" in notice.text.en
    assert "12 bits significativos en 16" in notice.text.es
    assert notice.severity == "info"
    assert "narrow_range" not in {problem.code for problem in created.problems}
    levels = np.unique(prepare_file(twelve_bits / "a" / "0.tif", {
        **recipe.as_dictionary(), "height": 40, "width": 40, "color_mode": "grayscale"}))
    assert len(levels) > 150


@pytest.mark.parametrize(("low", "high", "kind", "wanted"), [
    (0, 65535, "uint16", {}), (0, 1023, "uint16", {"sample_range": "bits", "significant_bits": 10}),
    (30000, 31000, "uint16", {"sample_range": "collection"}), (-1024, 3071, "int16", {"sample_range": "collection"}),
    (0, 90, "int32", {"sample_range": "collection"}), (0.0, 1.0, "float32", {}), (0.0, 5000.0, "float32", {
        "sample_range": "collection"}), (0.4, 0.45, "float64", {"sample_range": "collection"}),
    (0, 4095, "uint12", {}), (0, 200, "uint16", {"sample_range": "bits", "significant_bits": 8})])
def test_the_range_that_shows_them(low: float, high: float, kind: str, wanted: dict) -> None:
    groups = (SampleGroup(type=kind, pictures=3, low=low, high=high),)
    assert suggest_range(groups) == wanted
    problems = sample_range_problems(groups, RecipeSpec())
    assert [problem.code for problem in problems] == (
        [] if not wanted else ["unreadable_range"] if high > 256 and kind == "float32" else ["narrow_range"])


def test_the_fix_of_a_narrow_range_sets_it() -> None:
    groups = (SampleGroup(type="uint16", pictures=3, low=0, high=4000),)
    problem = sample_range_problems(groups, RecipeSpec())[0]
    fixed = FIXES[problem.fixes[0].action](Project(), **problem.fixes[0].arguments)
    assert (fixed.recipe.sample_range, fixed.recipe.significant_bits) == ("bits", 12)
    assert sample_range_problems(groups, fixed.recipe) == ()


def test_signed_pictures_get_the_range_of_the_collection(tmp_path: Path) -> None:
    write(tmp_path / "data", -500, 1500, np.int32)
    created, index = create_project(tmp_path / "project", tmp_path / "data", template="small_cnn")
    recipe = created.project.recipe
    assert recipe.sample_range == "collection"
    assert -500 <= recipe.sample_low <= -490
    assert 1490 <= recipe.sample_high <= 1500
    assert not {"samples_not_measured", "stale_sample_range", "narrow_range"} & {item.code for item in created.problems}
    assert chosen_range_notice((SampleGroup(type="int32", pictures=12, low=-500, high=1500),), recipe)
    with closing(index):
        again = measured_recipe(created.project, index, tmp_path / "data")
    assert (again.sample_low, again.sample_high, again.samples_measured) == (
        recipe.sample_low, recipe.sample_high, recipe.samples_measured)


def test_what_the_check_says_of_a_range() -> None:
    def codes(**fields: object) -> list[str]:
        return [problem.code for problem in check_recipe(Project(recipe=RecipeSpec(**fields)), {})]

    assert codes(sample_range="collection") == ["samples_not_measured"]
    assert codes(sample_range="collection", samples_measured="old") == ["stale_sample_range"]
    assert codes(sample_range="window", sample_low=5.0, sample_high=5.0) == ["empty_range"]
    assert codes(sample_range="picture", low_percentile=60.0, high_percentile=40.0) == ["empty_range"]
    assert codes(sample_range="window", sample_low=-1000.0, sample_high=400.0) == []


def test_measured_statistics_of_projects_without_deep_pictures_stay_valid() -> None:
    """The key of a recipe that reads by the type is that of before: these fields do not take part."""
    assert not {"sample_range", "significant_bits", "sample_low"} & set(RecipeSpec().pixel_part())
    spec = Project().dataset
    deep = RecipeSpec(sample_range="bits")
    assert deep.pixel_part()["significant_bits"] == 12
    assert statistics_key(deep, spec, 3) != statistics_key(RecipeSpec(), spec, 3)
    assert samples_key(deep, spec, 3) == samples_key(RecipeSpec(), spec, 3)


def opened(root: Path, folder: Path) -> Index:
    index = open_index(folder)
    scan_folder(index, root, Project().dataset)
    inspect_pictures(index, root)
    return index


def test_the_audit_says_flat_as_read_even_where_all_are(tmp_path: Path) -> None:
    write(tmp_path / "dim", 0, 120, np.uint16)
    folder = tmp_path / "index"
    folder.mkdir()
    with closing(opened(tmp_path / "dim", folder)) as index:
        audit(index, tmp_path / "dim", Project().dataset)
        flat = all_findings(index, ["flat_as_read"])
        assert len(flat) == 12
        assert "0 to 120" in flat[0].text.en
        recipe = RecipeSpec(sample_range="bits", significant_bits=8)
        audit(index, tmp_path / "dim", Project().dataset, sample_range=sample_range_of(recipe.as_dictionary()))
        assert all_findings(index, ["flat_as_read"]) == []


def test_plain_pictures_of_eight_bits_are_flat_too(tmp_path: Path) -> None:
    for class_name in ("a", "b"):
        (tmp_path / "data" / class_name).mkdir(parents=True)
        for number in range(12):
            cv2.imwrite(str(tmp_path / "data" / class_name / f"{number}.png"), np.full((32, 32), 100 + number, np.uint8))
    folder = tmp_path / "index"
    folder.mkdir()
    with closing(opened(tmp_path / "data", folder)) as index:
        audit(index, tmp_path / "data", Project().dataset)
        assert len(all_findings(index, ["flat_as_read"])) == 24


def test_the_percentiles_of_many_pictures_count_each_alike(tmp_path: Path) -> None:
    large, small = np.full((400, 400), 1000, np.uint16), np.full((20, 20), 3000, np.uint16)
    cv2.imwrite(str(tmp_path / "large.png"), large)
    cv2.imwrite(str(tmp_path / "small.png"), np.repeat(np.repeat(small, 20, 0), 20, 1))
    paths = [tmp_path / "large.png", tmp_path / "small.png"]
    assert measure_samples(paths, 0, 100) == (1000, 3000)
    assert measure_samples([tmp_path / "missing.png"], 0, 100) is None


def test_sixteen_bits_of_an_array_stay(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(0, 4096, (8, 20, 24)).astype(np.uint16)
    np.savez(tmp_path / "set.npz", x=samples, y=np.arange(8) % 2)
    root = unpack_arrays([tmp_path / "set.npz"], tmp_path / "pictures")
    written = cv2.imread(str(root / "0" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(written, samples[0])
    created, index = create_project(tmp_path / "project", root, template="small_cnn")
    index.close()
    assert msgspec.structs.asdict(created.project.recipe)["sample_range"] == "bits"


def test_an_index_of_before_learns_the_samples_and_loses_nothing(twelve_bits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    folder.mkdir()
    with closing(opened(twelve_bits, folder)) as index:
        index.set_groups({1: "twins:x"})
        with index.transaction() as connection:
            # As the version before had it: without the table, and with triggers that do not know it.
            for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
                connection.execute("\n".join(line for line in sql.splitlines() if "FROM samples" not in line))
            connection.execute("DROP TABLE samples")
            for table in ("scenarios", "scenario_pictures"):
                connection.execute(f"DROP TABLE {table}")
            for narrow in ("pictures_split", "pictures_measured"):
                connection.execute(f"DROP INDEX {narrow}")
            connection.execute("PRAGMA user_version = 2")
    with closing(open_index(folder)) as index:
        assert inspect_pictures(index, twelve_bits) == 12
        assert [group.high for group in sample_groups(index)] == [3900]
        assert index.rows("SELECT picture FROM groups") == [(1,)]


@pytest.mark.parametrize("fields", [
    {"sample_range": "bits", "significant_bits": 12}, {"sample_range": "picture", "low_percentile": 1.0},
    {"sample_range": "collection", "sample_low": 400.0, "sample_high": 3000.0, "samples_measured": "x"},
    {"sample_range": "window", "sample_low": -100.0, "sample_high": 3900.0}], ids=lambda fields: fields["sample_range"])
@pytest.mark.parametrize("mode", ["grayscale", "rgb"])
def test_the_printed_script_reads_the_same_pixels(twelve_bits: Path, fields: dict, mode: str) -> None:
    recipe = RecipeSpec(height=40, width=40, color_mode=mode, **fields)
    names: dict = {"cv2": cv2, "np": np}
    exec(recipe_code(recipe), names)  # our own text, printed a moment ago
    file = twelve_bits / "a" / "0.tif"
    assert np.array_equal(names["prepare"](str(file)), prepare_file(file, recipe.as_dictionary()))
