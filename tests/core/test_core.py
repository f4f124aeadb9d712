"""Specs, keys, parameters, history and files."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnnstudio
from cnnstudio.core import edits, files, keys, params
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.dataset import DATASET_PARAMS, SPLIT_PARAMS, DatasetSpec, SplitSpec
from cnnstudio.core.graph import closes_cycle, topological_order, unique_id
from cnnstudio.core.history import History
from cnnstudio.core.item import Item
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import JOBS, Start, decode_command, encode_command
from cnnstudio.core.migrations import migrate
from cnnstudio.core.network import Edge, Group, NetworkSpec, Node, Note
from cnnstudio.core.places import free_path
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import FORMAT, Project
from cnnstudio.core.recipe import RECIPE_PARAMS, RecipeSpec
from cnnstudio.core.settings import SETTINGS_PARAMS, Settings, load_settings, save_settings
from cnnstudio.core.text import Text, set_language, tr
from cnnstudio.core.training import STAGE_PARAMS, TRAINING_PARAMS, Stage, TrainingSpec

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "project-format-1.cnnstudio"


def chain(*names: str) -> NetworkSpec:
    nodes = tuple(Node(id=name, type="Dense") for name in names)
    return NetworkSpec(nodes=nodes, edges=tuple(Edge(source=a, target=b) for a, b in zip(names, names[1:], strict=False)))


@pytest.mark.parametrize(("spec", "declared"), [
    (RecipeSpec(), RECIPE_PARAMS), (TrainingSpec(), TRAINING_PARAMS), (Stage(id="x"), STAGE_PARAMS),
    (DatasetSpec(), DATASET_PARAMS), (SplitSpec(), SPLIT_PARAMS), (Settings(), SETTINGS_PARAMS)])
def test_declared_defaults_are_the_specs_own_and_allowed(spec, declared):
    for param in declared:
        assert param.default == getattr(spec, param.name), param.name
        assert param.error_text(param.default) is None
        assert param.label.en and param.label.es and param.help.en and param.help.es


def test_a_project_survives_the_file(tmp_path):
    project = edits.set_network(Project(name="ñ é"), chain("a", "b"))
    project = edits.add_step(project, "augmentation", "random_zoom", {"height_factor": (-0.1, 0.2)})
    files.write_project(tmp_path, project)
    assert files.read_project(tmp_path) == project
    raw = json.loads((tmp_path / files.PROJECT_FILE).read_text("utf-8"))
    assert list(raw)[:2] == ["format", "program"]
    assert raw["format"] == FORMAT


def test_the_golden_file_of_format_1_still_opens():
    project = files.decode_project(GOLDEN.read_bytes(), GOLDEN)
    assert project.name == "golden"
    assert project.network.inputs_of("output") == ("dense",)
    assert project.network.node("mystery").params == {"strength": 3, "pair": (1, 2)}
    again = json.loads(files.encode_project(project))
    before = json.loads(GOLDEN.read_text("utf-8"))
    assert {name: again["network"][name] for name in before["network"]} == before["network"]


def test_the_golden_file_of_format_2_still_opens():
    golden = GOLDEN.with_name("project-format-2.cnnstudio")
    project = files.decode_project(golden.read_bytes(), golden)
    assert project.dataset.joined == ("more", "list.csv")
    assert project.dataset.hidden_classes == ("dog",)
    assert (project.dataset.splits.folds, project.dataset.splits.fold, project.dataset.splits.keep_together) == (5, 2, False)


def test_the_golden_file_of_format_3_still_opens():
    golden = GOLDEN.with_name("project-format-3.cnnstudio")
    network = files.decode_project(golden.read_bytes(), golden).network
    assert network.groups == (Group(id="block", name="Head", nodes=("dense",), repeat=3, collapsed=True,
                                    position=(10.0, 20.0)),)
    assert network.notes == (Note(id="note", text="Why: señal ✓", position=(300.0, 40.0)),)


def test_an_old_training_is_one_stage_with_its_values():
    golden = GOLDEN.with_name("project-format-3.cnnstudio")
    before = json.loads(golden.read_text("utf-8"))["training"]
    training = files.decode_project(golden.read_bytes(), golden).training
    assert [stage.id for stage in training.stages] == ["stage_1"]
    again = json.loads(json.dumps(keys.to_plain(training)))
    again["loss"] = again["loss"]["type"]
    assert {name: again[name] for name in before} == before
    assert (training.precision, training.accumulation, training.determinism) == ("float32", 1, "auto")
    assert training.stages[0].schedule is None
    bare = files.decode_project(b'{"format": 3, "training": {"seed": 7}}', golden).training
    assert (bare.seed, bare.stages) == (7, TrainingSpec().stages)


def test_the_golden_file_of_format_4_still_opens():
    golden = GOLDEN.with_name("project-format-4.cnnstudio")
    training = files.decode_project(golden.read_bytes(), golden).training
    head, tuning = training.stages
    assert (head.id, head.epochs, head.trainable_from, head.schedule) == ("stage_1", 8, "none", None)
    assert (tuning.id, tuning.epochs, tuning.trainable_from) == ("stage_2", 12, "all")
    assert tuning.schedule == Item(type="CosineDecay", params={"initial_learning_rate": 1e-05, "warmup_steps": 50,
                                                               "warmup_target": 0.0001})
    assert tuning.callbacks == ()
    assert (training.precision, training.accumulation, training.determinism) == ("mixed_bfloat16", 2, "off")
    assert (training.epochs, training.epochs_before("stage_2")) == (20, 8)


def test_the_golden_file_of_format_5_still_opens():
    golden = GOLDEN.with_name("project-format-5.cnnstudio")
    loss = files.decode_project(golden.read_bytes(), golden).training.loss
    assert loss == Item(type="categorical_focal_crossentropy", params={"gamma": 3.0, "label_smoothing": 0.1})


@pytest.mark.parametrize("name", ["auto", "binary_crossentropy", "of_another_version"])
def test_the_name_of_a_loss_becomes_its_type(name):
    old = json.dumps({"format": 4, "training": {"loss": name, "seed": 7}}).encode()
    training = files.decode_project(old, GOLDEN).training
    assert (training.loss, training.seed) == (Item(type=name), 7)


def test_migrations_run_in_order():
    steps = {2: lambda raw: raw | {"a": 1}, 3: lambda raw: raw | {"b": raw["a"] + 1}}
    assert migrate({"format": 1}, 3, steps) == {"format": 3, "a": 1, "b": 2}


@pytest.mark.parametrize(("content", "code"), [
    (b"", "damaged_project"), (b"{", "damaged_project"), (b"[]", "damaged_project"),
    (b'{"format": 1, "recipe": {"height": "x"}}', "damaged_project"), (b'{"format": 99}', "newer_format")])
def test_files_that_are_refused_stay_as_they_are(tmp_path, content, code):
    path = tmp_path / files.PROJECT_FILE
    path.write_bytes(content)
    with pytest.raises(ProblemError) as caught:
        files.read_project(tmp_path)
    assert caught.value.problems[0].code == code
    assert path.read_bytes() == content


def test_a_truncated_project_is_never_read_as_another(tmp_path):
    data = files.encode_project(edits.set_network(Project(name="x"), chain("a", "b", "c")))
    for end in range(0, len(data) - 2, 37):
        with pytest.raises(ProblemError):
            files.decode_project(data[:end], tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProblemError) as caught:
        write_atomically(path, b"new")
    assert caught.value.problems[0].code == "no_space"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_autosave_is_dropped_by_a_save(tmp_path):
    files.write_project(tmp_path, Project(name="one"))
    (tmp_path / files.AUTOSAVE_FILE).write_bytes(files.encode_project(Project(name="two")))
    assert files.read_autosave(tmp_path).name == "two"
    files.write_project(tmp_path, Project(name="three"))
    assert files.read_autosave(tmp_path) is None


def test_the_lock_names_its_holder_and_ends_with_it(tmp_path):
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    assert first.acquire() is None
    refused = second.acquire()
    assert refused.code == "project_in_use"
    assert str(os.getpid()) in refused.text.en
    first.release()
    assert second.acquire() is None
    second.release()


def test_undo_then_redo_is_identity_and_drags_merge():
    history = History(Project())
    for size in (10, 20, 30):
        history.push(edits.set_field(history.project, "recipe", "height", size), Text("Height", "Alto"), "recipe.height")
    history.push(edits.set_field(history.project, "", "name", "x"), Text("Name", "Nombre"))
    last = history.project
    history.undo()
    assert history.project.recipe.height == 30
    history.undo()
    assert history.project == Project()
    assert history.undo() is None
    history.redo()
    history.redo()
    assert history.project == last
    assert history.dirty
    history.mark_saved()
    assert not history.dirty


def test_an_effect_that_cannot_be_undone_leaves_the_history_where_it_was():
    class Stuck:
        def undo(self):
            raise ProblemError()

        def redo(self):
            raise AssertionError

    history = History(Project())
    history.push_effect(Stuck(), Text("x", "x"))
    with pytest.raises(ProblemError):
        history.undo()
    assert history.undo_label is not None


OPERATIONS = st.lists(st.tuples(st.sampled_from("acdmi"), st.integers(0, 8), st.integers(0, 8)), max_size=40)


@given(OPERATIONS)
def test_random_edits_keep_the_graph_acyclic_and_whole(operations):
    project = edits.set_network(Project(), chain("n0", "n1", "n2"))
    for kind, one, two in operations:
        ids = [node.id for node in project.network.nodes]
        if kind == "i" and project.network.edges:
            edge = project.network.edges[one % len(project.network.edges)]
            project = edits.add_node(project, Node(id="n", type="ReLU"), edge=edge)
        elif kind == "a":
            project = edits.add_node(project, Node(id="n", type="Add"), source=ids[one % len(ids)] if ids else None)
        elif kind == "d" and ids:
            project = edits.remove_nodes(project, [ids[one % len(ids)]])
        elif kind in "cm" and ids:
            try:
                project = edits.connect(project, ids[one % len(ids)], ids[two % len(ids)], many=kind == "m")
            except ProblemError as problem_error:
                assert problem_error.problems[0].code == "cycle"
        network = project.network
        names = [node.id for node in network.nodes]
        assert len(set(names)) == len(names)
        assert all(edge.source in names and edge.target in names for edge in network.edges)
        assert topological_order(names, [(edge.source, edge.target) for edge in network.edges])[1] == []


def test_removing_a_layer_heals_the_chain_and_renaming_follows():
    project = edits.set_network(Project(), chain("a", "b", "c"))
    project = edits.remove_nodes(project, ["b"])
    assert project.network.inputs_of("c") == ("a",)
    project = edits.rename_node(project, "a", "first")
    assert project.network.inputs_of("c") == ("first",)
    with pytest.raises(ProblemError):
        edits.rename_node(project, "c", "first")
    assert closes_cycle([("a", "b")], "b", "a")
    assert unique_id("a", ["a", "a_2"]) == "a_3"


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
                 st.lists(st.integers(), max_size=5), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)))
def test_no_value_makes_a_check_raise(value):
    label = Text("x", "x")
    for param in (*RECIPE_PARAMS, *TRAINING_PARAMS, *SPLIT_PARAMS,
                  params.Pair(name="p", default=(1, 1), label=label, help=label),
                  params.Factor(name="f", default=0.1, label=label, help=label),
                  params.Padding4(name="q", default=(1, 1, 1, 1), label=label, help=label),
                  params.Numbers(name="n", default=1.0, label=label, help=label)):
        problem = param.error_text(value)
        assert problem is None or (problem.en and problem.es)


def test_texts_follow_the_language():
    text = Text("{n} of {what}", "{n} de {what}").fill(n=2, what=Text("cats", "gatos"))
    assert str(text) == "2 of cats"
    set_language("es")
    assert str(text) == "2 de gatos"
    assert tr("yes", "sí") == "sí"


def test_settings_survive_and_damage_means_defaults():
    assert save_settings(msgspec.structs.replace(Settings(), theme="dark").with_recent("/a").with_recent("/b")) is None
    assert load_settings().recent == ("/b", "/a")
    assert load_settings().theme == "dark"
    path = Path(os.environ["CNNSTUDIO_CONFIG"]) / "settings.json"
    path.write_text('{"theme": "pink", "cache_gigabytes": 5}')
    assert load_settings() == Settings(cache_gigabytes=5)
    path.write_text("{")
    assert load_settings() == Settings()


def test_a_free_place_is_numbered_before_the_ending(tmp_path):
    assert free_path(tmp_path / "pets.zip", ".zip") == tmp_path / "pets.zip"
    for name in ("pets.zip", "pets 2.zip", "pets"):
        (tmp_path / name).touch()
    assert free_path(tmp_path / "pets.zip", ".zip") == tmp_path / "pets 3.zip"
    assert free_path(tmp_path / "pets") == tmp_path / "pets 2"


def test_every_job_names_a_function_of_the_engine():
    """Read from the source: importing it would import Keras."""
    assert len(JOBS) > 5
    for job in JOBS:
        module, _, function = job.function.partition(":")
        path = Path(cnnstudio.__file__).parent / "engine" / (module.replace(".", "/") + ".py")
        defined = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
        assert function in defined, job


def test_messages_of_every_job_come_back_as_they_were():
    """A new job class is enough: the decoder follows from it."""
    def filled(struct):
        def value(kind):
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                return filled(kind)
            return {"str": "x", "bool": True, "int": 1}.get(getattr(kind, "__name__", ""), ())

        return struct(**{field.name: value(field.type) for field in msgspec.structs.fields(struct) if field.required})

    for job in JOBS:
        command = Start(job=filled(job))
        assert decode_command(encode_command(command)) == command


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_place_that_is_no_file_cannot_be_written(name):
    with pytest.raises(ProblemError) as caught:
        write_atomically(Path(name), b"x")
    assert caught.value.problems[0].code == "cannot_write"
