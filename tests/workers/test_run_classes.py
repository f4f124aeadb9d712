"""Classes of a run get other names without training: what is read of the run has them, and what it was compared with stays
comparable."""

from __future__ import annotations

import json

import pytest

from cnnstudio import cli
from cnnstudio.core.jobs import AugmentationMeasured, Changed
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.renamed_classes import FILE
from cnnstudio.datasets.manifest import read_header, read_manifest
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.printed_scripts import run_source
from cnnstudio.workers.runs.answers import enter_answers
from cnnstudio.workers.runs.calibration import calibrate, calibrated_answers, present_calibration
from cnnstudio.workers.runs.classes import rename_classes, run_classes, set_class_names
from cnnstudio.workers.runs.comparison import compare_runs
from cnnstudio.workers.runs.data import data_facts
from cnnstudio.workers.runs.side_by_side import answers_side_by_side
from cnnstudio.workers.runs.weights import chosen_weights, copy_weights
from tests.cli.printed import lines
from tests.workers.calibrated_runs import answered_run
from tests.workers.evaluated_runs import evaluated_run, result
from tests.workers.scenario_place import Place

RENAMED = {"cat": "Katze", "dog": "Hund"}
NAMES = ("Katze", "Hund", "fox")


def test_everything_that_is_read_of_the_run_has_the_new_names(tmp_path):
    run = answered_run(tmp_path)
    run.augmentation_path.write_bytes(encode_event(AugmentationMeasured(run=run.id, split="test", rows=(
        Changed(step="s", type="random_flip", class_name="cat", pictures=3, draws=1, plain=1, changed=0, called="dog"),))))
    assert rename_classes(run, RENAMED) == (("cat", "dog", "fox"), NAMES)
    assert read_manifest(run.manifest_path).header.class_names == read_header(run.manifest_path).class_names == NAMES
    assert tuple(row.name for row in run.evaluation("test").classes) == NAMES
    assert calibrated_answers(run, "test").class_names == NAMES
    assert (run.augmentation().rows[0].class_name, run.augmentation().rows[0].called) == ("Katze", "Hund")
    assert run_source(run).classes == NAMES
    assert [(item.name, item.trained) for item in run_classes(run)] == list(zip(NAMES, ("cat", "dog", "fox"), strict=True))


def test_what_the_run_was_trained_with_stays(tmp_path):
    run = answered_run(tmp_path)
    calibration = calibrate(run)
    version, files = data_facts(run.manifest_path).version, {
        path: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    rename_classes(run, RENAMED)
    assert {path: path.read_bytes() for path in files} == files
    assert present_calibration(run) == (calibration, ())
    assert data_facts(run.manifest_path, thorough=True).version == version
    assert read_manifest(run.manifest_path, as_trained=True).header.class_names == ("cat", "dog", "fox")


def test_names_can_be_given_back_and_results_of_the_meantime_are_understood(tmp_path):
    run = answered_run(tmp_path)
    before, after = rename_classes(run, RENAMED)
    run.augmentation_path.write_bytes(encode_event(AugmentationMeasured(run=run.id, split="test", rows=(
        Changed(step="s", type="random_flip", class_name="Katze", pictures=3, draws=1, plain=1, changed=0, called=""),))))
    set_class_names(run, before)
    assert run.augmentation().rows[0].class_name == "cat"
    assert calibrated_answers(run, "test").class_names == ("cat", "dog", "fox")
    set_class_names(run, after)
    assert calibrated_answers(run, "test").class_names == NAMES


def test_a_bad_name_changes_nothing(tmp_path):
    run = answered_run(tmp_path)
    with pytest.raises(ProblemError):
        rename_classes(run, {"cat": "Katze", "dog": "fox"})
    assert not (run.folder / FILE).exists()


@pytest.mark.parametrize("both", [False, True])
def test_renamed_runs_are_still_compared(tmp_path, both):
    runs = [evaluated_run(tmp_path, [result("cat/1.png", 0), result("dog/2.png", 1)]),
            evaluated_run(tmp_path, [result("cat/1.png", 1), result("dog/2.png", 1)])]
    rename_classes(runs[0], {"cat": "Katze"})
    if both:
        rename_classes(runs[1], {"cat": "chat", "dog": "chien"})
    found = compare_runs(*runs)
    assert found.class_names == ("Katze", "dog")
    (apart,) = found.disagreements
    assert (apart.label, apart.first, apart.second) == ("Katze", "Katze", "dog")


def test_runs_whose_names_have_changed_places_are_joined_by_the_labels_of_their_pictures(tmp_path):
    runs = [evaluated_run(tmp_path, [result("cat/1.png", 0), result("dog/2.png", 1)]) for _ in range(2)]
    rename_classes(runs[0], {"cat": "dog", "dog": "cat"})
    assert compare_runs(*runs).paired.images == 2


def test_renamed_answers_stand_side_by_side(tmp_path):
    first = answered_run(tmp_path, splits=("test",))
    second = answered_run(tmp_path, splits=("test",))
    rename_classes(second, RENAMED)
    assert [item.class_names for item in answers_side_by_side([first, second], "test")] == [("cat", "dog", "fox")] * 2


def test_the_index_and_folders_of_pictures_know_the_classes_by_either_name(tmp_path):
    place = Place(tmp_path)
    run = place.run()
    rename_classes(run, RENAMED)
    assert enter_answers(place.index, run) == 6
    assert place.index.rows("SELECT DISTINCT a.predicted = p.class_name FROM predictions a JOIN pictures p"
                            " ON p.id = a.picture") == [(1,)]
    job = evaluation_job(run, data=place.root)
    manifest = read_manifest(run.folder / "evaluation-data.manifest.jsonl")
    assert (job.split, len(manifest.entries), {entry.label for entry in manifest.entries}) == ("data", 12, {0, 1})
    place.index.close()


def test_weights_that_a_new_run_begins_with_bring_both_names_along(tmp_path):
    run = answered_run(tmp_path)
    rename_classes(run, RENAMED)
    target = tmp_path / "new"
    target.mkdir()
    copy_weights(run, chosen_weights(run), target)
    assert (target / "start" / FILE).read_bytes() == (run.folder / FILE).read_bytes()


def test_the_command_lists_renames_and_gives_back(tmp_path, capsys):
    place = Place(tmp_path)
    run, project = place.run(), str(tmp_path)
    place.index.close()
    assert cli.main(["classes", project, "--rename", "cat=Katze", "dog=a=b"]) == 0
    printed = capsys.readouterr()
    assert "0  Katze  training 2, validation 1, test 3  (trained as cat)" in printed.out
    assert "cat is now called Katze." in printed.err
    assert "export the run again" in printed.err
    assert cli.main(["classes", project, "--run", run.id, "--rename", "a=b==dog", "--json"]) == 0
    (line,) = lines(capsys)
    assert [item["name"] for item in line["classes"]] == ["Katze", "dog"]
    assert cli.main(["classes", project, "--as-trained", "--language", "es"]) == 0
    assert "entrenada como" not in capsys.readouterr().out
    for wrong in (["--rename", "cat"], ["--rename", "cat=x", "cat=y"], ["--rename", "cow=x"], ["--rename", "cat=dog"]):
        assert cli.main(["classes", project, *wrong]) == 2
    assert [item.name for item in run_classes(run)] == ["cat", "dog"]


def test_damaged_names_are_told_in_the_list_of_runs(tmp_path):
    place = Place(tmp_path)
    run = place.run()
    place.index.close()
    rename_classes(run, {"cat": "Katze"})
    data = json.loads((run.folder / FILE).read_bytes()) | {"names": ["x", "y"]}
    (run.folder / FILE).write_text(json.dumps(data, indent=2))
    assert run.summary().damage.code == "damaged_classes"
    assert [item.name for item in run_classes(run)] == ["cat", "dog"]
