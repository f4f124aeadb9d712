"""Every format of a trained run: written, opened by its own runtime, with its card inside; and what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES
from cnnstudio.catalog.exporters.graph_recipes import recipe_problems
from cnnstudio.core.events import Finished
from cnnstudio.core.export_jobs import Export, Exported, LossesMeasured, MeasureLosses
from cnnstudio.core.files import read_project
from cnnstudio.core.item import Step
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.datasets.script_project import create_from_script, script_places
from cnnstudio.engine.exporting import losses, quantizing
from cnnstudio.engine.exporting.job import export
from cnnstudio.engine.exporting.verifying import resolve
from cnnstudio.interchange.script.reader import read_script
from cnnstudio.workers.export_support import example_sources
from cnnstudio.workers.printed_scripts import run_source
from cnnstudio.workers.runs.exports import list_exports
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.answers_material import job, keras_answers
from tests.engine.collections_of_pictures import CLASSES
from tests.engine.conftest import Recorder

# That of PyTorch is written by a process in which Keras runs on it.
MODELS = [entry for entry in EXPORTERS if entry.group in ("model", "litert") and entry.backend != "torch"]


def written(trained, target, format, **fields):
    recorder = Recorder()
    last = export(job(Export, trained, format=format, path=str(target), **fields), recorder)
    assert isinstance(last, Finished)
    return recorder.of(Exported)[0]


@pytest.fixture(scope="module")
def exports(trained, tmp_path_factory):
    """Every model format of the run, by id."""
    folder = tmp_path_factory.mktemp("exports ñ")
    return {entry.id: written(trained, folder / f"{entry.id}{entry.suffix}", entry.id) for entry in MODELS}


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.id)
def test_the_card_and_the_certificate_travel_along(trained, exports, entry):
    done = exports[entry.id]
    run, pictures = trained
    opened = resolve(entry.opener)(Path(done.path))
    assert opened.card.class_names == CLASSES
    path = pictures / "striped/001.png"
    expected = keras_answers(run, [path])
    tolerance = 1e-5 if entry.least_agreement == 1.0 else 0.3
    np.testing.assert_allclose(opened.answers([path]), expected, atol=tolerance)
    certificate = json.loads(Path(done.certificate).read_text())
    assert certificate["program"] == "CNN Studio" and certificate["format"] == entry.id
    known = json.loads((Path(done.path) / "expected.json").read_text()) if entry.folder else certificate["expected"]
    assert known["class_names"] == list(CLASSES) and len(known["pictures"]) == done.check.images == 60
    assert done.check.labelled and done.check.accuracy.low <= done.check.accuracy.value <= done.check.accuracy.high
    assert done.check.bytes > 0 and done.check.latency_p95_ms >= done.check.latency_ms > 0


def test_the_run_remembers_its_exports(trained, exports):
    run, _pictures = trained
    assert {done.path for done in exports.values()} <= {record.path for record in list_exports([run])}


def test_whole_numbers_leave_chosen_layers_in_float(trained, exports, tmp_path):
    content = Path(exports["litert"].path).read_bytes()
    layers = list(quantizing.layers_of(content))
    assert layers
    done = written(trained, tmp_path / "kept.tflite", "litert_int8", keep_in_float=(layers[0],))
    assert done.check.kept_in_float == (layers[0],)
    assert len(quantizing.operations(Path(done.path).read_bytes())) > len(quantizing.operations(content))
    with pytest.raises(ProblemError) as problem:
        written(trained, tmp_path / "x.tflite", "litert_int8", keep_in_float=("nowhere",))
    assert problem.value.problems[0].code == "unknown_layer" and layers[0] in problem.value.problems[0].text.en
    assert {path.name for path in tmp_path.iterdir()} == {"kept.tflite", "kept.tflite.check.json"}


def test_each_layer_is_measured_alone(trained):
    recorder = Recorder()
    losses.measure(job(MeasureLosses, trained), recorder)
    measured, = recorder.of(LossesMeasured)
    differences = [row.mean_abs_difference for row in measured.layers]
    assert differences == sorted(differences, reverse=True) and len(differences) >= 2
    assert all(row.type and row.weights for row in measured.layers)


@pytest.mark.parametrize(("fields", "code"), [
    ({"format": "litert_int8", "unchecked": True}, "no_calibration_pictures"),
    ({"format": "keras", "keep_in_float": ("conv",)}, "no_whole_numbers"),
    ({"format": "bundle", "engine": "abacus"}, "unknown_engine"),
    ({"format": "onnx", "engine": "litert"}, "unknown_engine")])
def test_choices_that_a_format_does_not_have_are_refused(trained, tmp_path, fields, code):
    with pytest.raises(ProblemError) as problem:
        export(job(Export, trained, path=str(tmp_path / "out"), **fields), Recorder())
    assert problem.value.problems[0].code == code
    assert not list(tmp_path.iterdir())


def test_a_foreign_certificate_beside_the_target_is_not_replaced(trained, tmp_path):
    (tmp_path / "m.onnx.check.json").write_text('{"mine": 1}')
    with pytest.raises(ProblemError) as problem:
        written(trained, tmp_path / "m.onnx", "onnx")
    assert problem.value.problems[0].code == "target_exists"
    assert (tmp_path / "m.onnx.check.json").read_text() == '{"mine": 1}'


def test_openvino_reports_to_nobody(trained, tmp_path):
    """In a process of its own, since the module of its reports may be loaded here."""
    run, pictures = trained
    script = (
        "from cnnstudio.engine.exporting import saved_model_writers\n"
        "saved_model_writers.openvino_without_telemetry()\n"
        "from openvino.tools.ovc import telemetry_utils\n"
        "print(telemetry_utils.tm.__name__)\n")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=200,
                          env=os.environ | {"HOME": str(tmp_path)})
    assert done.stdout.split() == ["openvino.tools.ovc.telemetry_stub"]
    assert not (tmp_path / "intel").exists()
    assert run.id and pictures.exists()


@pytest.mark.keras
@pytest.mark.parametrize("engine", BUNDLE_ENGINES.ids())
def test_a_bundle_needs_its_engine_alone_and_verifies_itself(trained, tmp_path, engine):
    """From another folder, read-only, in a path with a space and ñ, by a Python that cannot find the program."""
    target = tmp_path / "my ñ bundle"
    written(trained, target, "bundle", engine=engine, samples=2)
    others = {name for item in BUNDLE_ENGINES if item.id != engine for name in item.needs} | {"cnnstudio", "msgspec"}
    blocked = {name.split(">")[0].replace("-", "_") for name in others} - {"tensorflow_cpu" if engine == "keras" else ""}
    if engine == "keras":
        blocked -= {"tensorflow"}
    else:
        blocked |= {"keras", "tensorflow"}
    driver = (f"import sys; sys.modules.update(dict.fromkeys({sorted(blocked)!r})); sys.argv = sys.argv[1:]; "
              "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')")
    for path in (target, *target.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"LANG": "C.UTF-8"}

    def run(*arguments):
        return subprocess.run([sys.executable, "-c", driver, str(target / "predict.py"), *arguments], capture_output=True,
                              text=True, check=False, timeout=200, cwd=tmp_path, env=environment)

    done = run("--verify", str(trained[1]), "--json")
    assert done.returncode == 0, done.stderr
    verified = json.loads(done.stdout)
    assert verified["verified"] and verified["pictures"] == 62 and verified["max_abs_difference"] <= 1e-4
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if engine == "keras":
        # What is judged below is the same for every engine, and this one takes ten times as long to start.
        return
    recipe = json.loads((target / "recipe.json").read_text())
    (target / "recipe.json").write_text(json.dumps(recipe | {"color_mode": "rgb", "fit": "crop", "crop": "share",
                                                             "crop_share": 0.3}))
    done = run("--verify", "--json")
    assert done.returncode == 1 and not json.loads(done.stdout)["verified"]


@pytest.mark.keras
def test_an_export_is_verified_by_a_child_of_its_own(trained, tmp_path, verified_in_child):
    done = written(trained, tmp_path / "m.onnx", "onnx")
    assert done.check.runtime.startswith("ONNX Runtime ") and done.check.memory_bytes > 0
    assert done.check.top1_agreement == 1.0 and done.check.images == 60
    assert verified_in_child is None


@pytest.mark.keras
def test_a_program_of_torch_export_is_written_by_keras_on_pytorch(trained, tmp_path):
    pytest.importorskip("torch")
    events = []
    target = tmp_path / "m.pt2"
    last = Supervisor(job(Export, trained, format="torch_export", path=str(target), backend="torch"), events.append).run()
    assert isinstance(last, Finished), last
    done, = (event for event in events if isinstance(event, Exported))
    assert done.check.top1_agreement == 1.0 and done.check.max_abs_difference <= 1e-4
    with zipfile.ZipFile(target) as archive:
        assert any(name.endswith("cnnstudio.json") for name in archive.namelist())


@pytest.mark.keras
@pytest.mark.parametrize("format", ["onnx", "onnx_pictures", "litert", "openvino"])
def test_the_example_in_python_answers_a_picture(trained, exports, format):
    run, pictures = trained
    examples = example_sources(run, format, Path(exports[format].path))
    source = next(text for name, _label, text in examples if name == "python")
    done = subprocess.run([sys.executable, "-c", source, str(pictures / "striped/001.png")], capture_output=True, text=True,
                          check=True, timeout=200)
    assert done.stdout.splitlines()[0].startswith("striped: ")


def test_the_cells_of_the_notebook_train_the_network_again(trained, tmp_path, monkeypatch, capsys):
    """All of them run, in this process, which has Keras already; nightly by Jupyter, below."""
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("matplotlib").use("agg")
    written(trained, tmp_path / "notebook", "notebook")
    monkeypatch.chdir(tmp_path / "notebook")
    names: dict = {"__name__": "__main__"}
    for cell in nbformat.read("train.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)  # our own text
    assert "accuracy: " in capsys.readouterr().out


@pytest.mark.keras
@pytest.mark.nightly
def test_the_notebook_trains_the_network_again(trained, tmp_path):
    """All its cells run, in a few epochs as the run had."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("matplotlib")
    nbformat = pytest.importorskip("nbformat")
    written(trained, tmp_path / "notebook", "notebook")
    assert {path.name for path in (tmp_path / "notebook").iterdir()} == {"train.ipynb", "train.pictures.jsonl", "check.json"}
    notebook = nbformat.read(tmp_path / "notebook" / "train.ipynb", as_version=4)
    place = {"metadata": {"path": str(tmp_path / "notebook")}}
    done = nbclient.NotebookClient(notebook, timeout=250, resources=place).execute()
    printed = "".join(output.get("text", "") for cell in done.cells for output in cell.get("outputs", []))
    assert "accuracy: " in printed


@pytest.mark.parametrize(("format", "file"), [("notebook", "train.ipynb"), ("script", "train.py"),
                                              ("torch_script", "train.py")])
def test_what_says_how_it_was_made_becomes_the_project_again(trained, tmp_path, format, file):
    run, pictures = trained
    written(trained, tmp_path / "export", format)
    script = read_script(tmp_path / "export" / file)
    _created, index = create_from_script(tmp_path / "again", script, script_places(script, tmp_path / "export" / file))
    index.close()
    before, again = run_source(run).project, read_project(tmp_path / "again")
    assert script_places(script, tmp_path / "export" / file) == [pictures]
    assert not any("changed since" in item.text.en for item in script.items)
    assert (again.recipe, again.augmentation, again.training) == (before.recipe, before.augmentation, before.training)
    assert len(again.network.nodes) == len(before.network.nodes)


def test_what_answers_otherwise_on_average_is_not_kept(trained, tmp_path, monkeypatch):
    import cnnstudio.engine.exporting.job as module
    from cnnstudio.core.registry import Registry

    entries = [msgspec.structs.replace(entry, mean_tolerance=-1.0) for entry in EXPORTERS]
    monkeypatch.setattr(module, "EXPORTERS", Registry("exporter", entries))
    with pytest.raises(ProblemError) as problem:
        written(trained, tmp_path / "x.tflite", "litert_int8")
    assert problem.value.problems[0].code == "export_differs" and "in float" in problem.value.problems[0].text.en
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changes", [{"fit": "pad"}, {"crop": "share"}, {"color_mode": "rgba"}, {"sample_range": "bits"},
                                     {"steps": (Step(id="a", type="canny"),)}])
def test_a_recipe_without_a_form_in_the_graph_is_told(changes):
    assert not recipe_problems(RecipeSpec())
    problem, = recipe_problems(msgspec.structs.replace(RecipeSpec(), **changes))
    assert problem.code == "recipe_not_in_graph"
