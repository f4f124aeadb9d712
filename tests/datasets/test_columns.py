"""Which columns of a list are pictures and classes: by name in two languages, by content, else refused with candidates."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.sources.columns import ColumnChoice
from cnnstudio.datasets.sources.manifests import Reading, read_rows
from tests.datasets.test_datasets import draw


def table(tmp_path: Path, header: str, lines: list[str]) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def classes(reading: Reading) -> dict[str, int]:
    assert not any(problem.blocks for problem in reading.problems), [str(problem.text) for problem in reading.problems]
    return dict(Counter(row.label for row in reading.rows))


def refusal(reading: Reading) -> tuple[str, str]:
    (problem,) = (item for item in reading.problems if item.blocks)
    assert problem.text.es
    return problem.code, problem.text.en


@pytest.mark.parametrize("header", [
    "lesion_id,image_id,dx,dx_type,age", "caso,imagen,diagnóstico,tipo,edad", "id_paciente,archivo,Enfermedad,prueba,edad",
    "Patient,Image Index,Finding Labels,View,Age"])
def test_labels_are_known_by_their_names_in_two_languages(tmp_path, header):
    lines = [f"HAM_{number},p/{number}.png,{'nv' if number % 3 else 'mel'},{'histo' if number % 2 else 'follow'},{number % 7}"
             for number in range(30)]
    assert classes(read_rows(table(tmp_path, header, lines))) == {"nv": 20, "mel": 10}


@pytest.mark.parametrize("first", ["sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\n'])
def test_the_line_in_which_a_spreadsheet_names_the_delimiter_is_no_row(tmp_path, first):
    lines = [f"p,{number}.png;{'wet' if number % 2 else 'dry'}" for number in range(20)]
    reading = read_rows(table(tmp_path, first + "picture;state", lines))
    assert classes(reading) == {"dry": 10, "wet": 10}
    assert reading.rows[0].line == 3


def test_a_label_is_known_by_content_where_only_one_column_can_be_it(tmp_path):
    lines = [f"{number}.png,{number},{'wet' if number % 2 else 'dry'},{number * 1.37:.3f}" for number in range(40)]
    reading = read_rows(table(tmp_path, "file,nr,state,weight", lines))
    assert classes(reading) == {"dry": 20, "wet": 20}
    assert [problem.code for problem in reading.problems] == ["label_column"]


def test_two_possible_columns_are_refused_with_their_values(tmp_path):
    lines = [f"{number}.png,{'bath' if number % 2 else 'kitchen'},{'old' if number % 3 else 'new'}" for number in range(30)]
    path = table(tmp_path, "filename,room,condition", lines)
    code, text = refusal(read_rows(path))
    assert code == "columns_unclear"
    assert "room (2: kitchen, bath)" in text and "condition (2: old, new)" in text
    (problem,) = read_rows(path).problems
    assert problem.fixes[0].action == "choose_columns"
    assert classes(read_rows(path, ColumnChoice(labels=("Condition",)))) == {"old": 20, "new": 10}
    assert refusal(read_rows(path, ColumnChoice(labels=("nothing",))))[0] == "no_such_column"
    # Of several joined lists each has its own columns.
    assert refusal(read_rows(path, ColumnChoice(labels=("nothing",), required=False)))[0] == "columns_unclear"
    assert not read_rows(path, ColumnChoice(labels=(".",))).has_labels


def test_numbers_with_very_many_values_are_not_taken_without_asking(tmp_path):
    path = table(tmp_path, "image,age_days", [f"{number}.png,{number * 17 % 9973}" for number in range(200)])
    code, text = refusal(read_rows(path))
    assert (code, "200 different values" in text) == ("too_many_classes", True)
    assert len(classes(read_rows(path, ColumnChoice(labels=("age_days",))))) == 200
    assert refusal(read_rows(table(tmp_path, "image,label", [f"{number}.png,{number / 7:.4f}" for number in range(60)]))
                   )[0] == "too_many_classes"
    assert len(classes(read_rows(table(tmp_path, "image,label", [f"{number}.png,{number % 100}" for number in range(900)]))
                       )) == 100


def test_columns_of_zeros_and_ones(tmp_path):
    lines = [f"ISIC_{number},{'1.0' if number % 3 == 0 else '0.0'},{'1.0' if number % 3 == 1 else '0.0'},"
             f"{'1.0' if number % 3 == 2 else '0.0'},{'male' if number % 2 else 'female'}" for number in range(30)]
    assert classes(read_rows(table(tmp_path, "image,MEL,NV,BCC,sex", lines))) == {"MEL": 10, "NV": 10, "BCC": 10}


def test_lists_of_several_labels_are_refused_with_what_is_possible(tmp_path):
    lines = [f"{number}.png,{number % 2},{int(number % 3 == 0)},{int(number % 5 == 0)}" for number in range(30)]
    path = table(tmp_path, "ID,DR,ARMD,MH", lines)
    code, text = refusal(read_rows(path))
    assert (code, "line 2" in text) == ("several_labels", True)
    assert "yes-or-no question" in text
    assert classes(read_rows(path, ColumnChoice(labels=("ARMD",)))) == {"0": 20, "1": 10}
    assert refusal(read_rows(path, ColumnChoice(labels=("DR", "ARMD"))))[0] == "several_labels"


@pytest.mark.parametrize(("labels", "code"), [
    (("Edema|Mass", "Edema", "Mass"), "several_labels"), (("scab rust", "scab", "rust"), "several_labels"),
    (("['a', 'b']", "['a']"), "several_labels"), (("a;b", "a"), "several_labels"),
    (("cat, dog", "cat", "dog"), "several_labels"),
    (("Tomato, late blight", "Tomato, healthy"), ""), (("golden retriever", "pug"), "")])
def test_several_classes_in_one_cell(tmp_path, labels, code):
    lines = [f'{number}.png,"{labels[number % len(labels)]}"' for number in range(12)]
    reading = read_rows(table(tmp_path, "path,label", lines))
    if code:
        assert refusal(reading)[0] == code
        weak = not any(sign in labels[0] for sign in "|;[")
        assert any(problem.blocks for problem in read_rows(tmp_path / "list.csv", ColumnChoice(labels=("label",))).problems
                   ) is not weak
    else:
        assert set(classes(reading)) == set(labels)


def test_names_of_classes_are_better_than_their_numbers(tmp_path):
    lines = [f"{number}.png,{number % 2},{'cat' if number % 2 else 'dog'}" for number in range(10)]
    assert classes(read_rows(table(tmp_path, "path,label,category", lines))) == {"cat": 5, "dog": 5}


def test_two_columns_of_pictures(tmp_path):
    lines = [f"l/{number}.png,r/{number}.png,{'a' if number % 2 else 'b'}" for number in range(10)]
    path = table(tmp_path, "left,right,class", lines)
    assert refusal(read_rows(path))[0] == "path_unclear"
    reading = read_rows(path, ColumnChoice(paths=("right",)))
    assert reading.rows[0].path == "r/0.png"


def listed(path: Path) -> tuple[dict[str, str], Listing]:
    listing = Listing(path.parent, DatasetSpec(source=str(path)), folder=path.parent)
    return {item.path: item.class_name for chunk in listing for item in chunk}, listing


def test_bare_names_in_several_folders(tmp_path):
    draw(tmp_path, "part_1/A1.png", "part_2/A2.png", "part_2/deep/A3.jpg", "@eaDir/A1.png")
    files, listing = listed(table(tmp_path, "image_id,label", ["A1,x", "A2,y", "a3,x", "A4,y"]))
    assert files == {"part_1/A1.png": "x", "part_2/A2.png": "y", "part_2/deep/A3.jpg": "x"}
    assert {problem.code for problem in listing.problems} == {"found_elsewhere", "missing_files"}


def test_a_name_that_is_there_twice_is_named(tmp_path):
    draw(tmp_path, "part_1/A1.png", "part_2/A1.png", "part_2/A2.png")
    files, listing = listed(table(tmp_path, "image_id,label", ["A1,x", "A2,y"]))
    assert files == {"part_2/A2.png": "y"}
    texts = {problem.code: problem.text.en for problem in listing.problems}
    assert "part_1/A1.png, part_2/A1.png" in texts["ambiguous"]
    draw(tmp_path, "3.png")
    files, listing = listed(table(tmp_path, "image_id,label", ["3.png,z", "A1.png,x", "A2.png,y"]))
    assert files == {"3.png": "z", "part_2/A2.png": "y"}
    assert "ambiguous" in {problem.code for problem in listing.problems}


def test_paths_of_another_computer(tmp_path):
    draw(tmp_path, "images/a/1.png", "images/b/1.png")
    files, _listing = listed(table(tmp_path, "path,label", ["C:\\data\\images\\a\\1.png,x", "/home/ana/images/b/1.png,y"]))
    assert files == {"images/a/1.png": "x", "images/b/1.png": "y"}


def test_a_column_is_known_by_the_files_that_it_names(tmp_path):
    draw(tmp_path, "a/K1.png", "b/K2.png")
    files, _listing = listed(table(tmp_path, "specimen,kind", ["K1,x", "K2,y"]))
    assert files == {"a/K1.png": "x", "b/K2.png": "y"}
