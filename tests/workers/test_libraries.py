"""Libraries that the user adds: which ones, where children find them, and that nothing half is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import zipfile
from importlib import metadata
from pathlib import Path

import msgspec
import pytest

from cnnstudio import cli
from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.reports import REPORT_FORMATS
from cnnstudio.core import libraries as core_libraries
from cnnstudio.core.events import Phase
from cnnstudio.core.export_jobs import Export
from cnnstudio.core.jobs import Diagnose, JobSpec
from cnnstudio.core.libraries import RECORD, AddedLibrary, Library, added_libraries, is_available, library_path
from cnnstudio.core.library_path import VARIABLE
from cnnstudio.core.own_process import module_command, module_environment
from cnnstudio.core.places import cache_folder, libraries_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import TRAINING_PARAMS
from cnnstudio.datasets.layout import MANIFESTS
from cnnstudio.datasets.sources.tables import TABLE_FORMATS, read_table
from cnnstudio.workers import library_install, pip_process
from cnnstudio.workers.gpu import Computer, gpu_support
from cnnstudio.workers.libraries import known_libraries
from cnnstudio.workers.library_install import install_library, make_plan, remove_library
from cnnstudio.workers.supervisor import environment_of

SMALL = Library("cnnstudio_small_library", "Small library", "cnnstudio-small-library")


def add(identifier: str, module: str, code: str = "", backend: str = "", **versions: str) -> Path:
    """A library as an installation leaves it."""
    folder = libraries_folder() / identifier
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code, "utf-8")
    record = AddedLibrary(id=identifier, package=identifier, versions={f"added-{identifier}": "1", **versions}, bytes=5,
                          backend=backend)
    (folder / RECORD).write_bytes(msgspec.json.encode(record))
    return folder


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index on the disk with one small wheel, which something in the program needs."""
    folder = tmp_path / "wheels ñ"
    folder.mkdir()
    make_wheel(folder, "VALUE = 7\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", folder.as_uri())
    monkeypatch.setattr(library_install, "known_libraries", lambda: {SMALL.id: SMALL})
    return folder


def make_wheel(folder: Path, code: str, requires: str = "") -> None:
    info = "cnnstudio_small_library-1.0.dist-info"
    with zipfile.ZipFile(folder / "cnnstudio_small_library-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("cnnstudio_small_library/__init__.py", code)
        wheel.writestr(f"{info}/METADATA", textwrap.dedent(f"""\
            Metadata-Version: 2.1
            Name: cnnstudio-small-library
            Version: 1.0
            {requires}
            """).replace("\n\n", "\n"))
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def nothing(*_arguments: object) -> None:
    """No progress, no cancel."""


def problem_of(function, *arguments):
    with pytest.raises(ProblemError) as raised:
        function(*arguments)
    return raised.value.problems[0]


def test_the_list_is_what_the_entries_of_the_registries_need():
    needed = {library.id for entry in (*EXPORTERS, *BACKENDS, *TABLE_FORMATS, *REPORT_FORMATS) for library in entry.libraries}
    assert set(known_libraries()) == needed
    assert {"torch", "jax", "pyarrow", "weasyprint"} <= needed


def test_backends_and_tables_are_those_that_settings_and_sources_name():
    backend = next(param for param in TRAINING_PARAMS if param.name == "backend")
    assert list(BACKENDS.ids()) == [option.value for option in backend.options]
    assert {f".{entry.id}" for entry in TABLE_FORMATS if entry.read is not None} == MANIFESTS


@pytest.mark.parametrize(("package", "identifier"), [
    ("torch", "torch"), ("tensorflow[and-cuda]", "tensorflow"), ("openvino>=2025.1", "openvino")])
def test_an_id_is_the_name_of_the_package(package, identifier):
    assert Library("m", "n", package).id == identifier


@pytest.mark.parametrize(("computer", "package", "backend"), [
    (Computer("linux", "x86_64", "/usr/bin/nvidia-smi"), "tensorflow[and-cuda]", "tensorflow"),
    (Computer("win32", "amd64", "C:/Windows/System32/nvcuda.dll"), "torch", "torch"),
    (Computer("darwin", "arm64"), "torch", "torch")])
def test_what_a_graphics_card_needs_follows_the_computer(computer, package, backend):
    support = gpu_support(computer)
    assert (support.library.package, support.backend) == (package, backend)
    assert bool(support.library.index) is (computer.system == "win32")


@pytest.mark.parametrize(("computer", "small"), [
    (Computer("linux", "x86_64"), True), (Computer("linux", "x86_64", "/usr/bin/nvidia-smi"), False),
    (Computer("win32", "amd64"), False)])
def test_pytorch_without_a_card_is_the_small_one(monkeypatch, computer, small):
    monkeypatch.setattr(library_install, "this_computer", lambda: computer)
    assert ("/cpu" in library_install.wanted_library("torch")[0].index) is small


@pytest.mark.parametrize("computer", [Computer("linux", "x86_64"), Computer("darwin", "x86_64"), Computer("win32", "amd64")])
def test_without_a_card_the_problem_says_what_was_looked_for(computer):
    problem = problem_of(gpu_support, computer)
    assert problem.code == "no_gpu"
    assert "nvidia-smi" in problem.text.es and computer.system in problem.text.en


def test_a_child_gets_only_what_its_job_needs():
    for name in ("torch", "jax", "pyarrow"):
        add(name, name)
    add("gpu", "tensorflow", backend="tensorflow")

    def names(job: JobSpec) -> list[str]:
        return [Path(path).name for path in environment_of(job)[VARIABLE].split(os.pathsep) if path]

    assert names(JobSpec()) == ["gpu"]
    assert names(JobSpec(backend="jax")) == ["jax"]
    assert names(Export(run_folder="", format="torch", path="")) == ["gpu", "torch"]
    assert sorted(names(Diagnose())) == ["gpu", "jax", "pyarrow", "torch"]


def test_keras_keeps_its_preferences_in_the_cache(monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert Path(environment_of(JobSpec())["KERAS_HOME"]).is_relative_to(cache_folder())
    monkeypatch.setenv("KERAS_HOME", "/elsewhere")
    assert environment_of(JobSpec())["KERAS_HOME"] == "/elsewhere"


def test_a_child_finds_it_before_what_comes_along_and_this_process_never_does():
    folder = add("torch", "colorama", "VALUE = 3\n")
    code = "from cnnstudio.core.library_path import use_added_libraries as use; use(); import colorama; print(colorama.VALUE)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env=module_environment(str(folder)))
    assert done.stdout.strip() == "3", done.stderr
    assert str(folder) not in sys.path


def test_what_was_added_for_another_version_replaces_nothing_of_this_one():
    own = metadata.version("keras")
    add("jax", "jax", keras=own)
    assert library_path(["jax"])
    add("torch", "torch", keras="3.0.0")
    assert library_path(["torch"]) == ""
    (outdated,) = (library for library in added_libraries() if library.id == "torch")
    assert outdated.unlike() == {"keras": "3.0.0"}
    add("gpu", "tensorflow", tensorflow="1.0")
    assert library_path(["tensorflow"]) == ""


def test_a_folder_without_its_record_or_of_another_name_counts_as_nothing():
    folder = add("torch", "torch")
    (libraries_folder() / "jax" / "jax").mkdir(parents=True)
    folder.rename(folder.with_name("renamed"))
    assert added_libraries() == ()


def test_a_frozen_program_knows_what_only_its_worker_can_import(monkeypatch):
    absent = Library("no_such_module_here", "Keras", "keras")
    assert not is_available(absent)
    monkeypatch.setattr(core_libraries, "is_frozen", lambda: True)
    assert is_available(absent)
    assert not is_available(Library("no_such_module_here", "?", "no-such-package-here"))


def test_a_library_is_added_used_and_removed(wheels):
    events: list[object] = []
    plan = make_plan(SMALL.id, events.append, nothing)
    assert plan.versions == {"cnnstudio-small-library": "1.0"}
    assert plan.bytes == next(wheels.iterdir()).stat().st_size
    assert not is_available(SMALL)
    added = install_library(SMALL.id, events.append, nothing)
    assert added_libraries() == (added,)
    assert is_available(SMALL)
    assert "cnnstudio_small_library" not in sys.modules
    assert [event.name for event in events if isinstance(event, Phase)][:2] == ["resolving", "resolving"]
    install_library(SMALL.id, nothing, nothing)
    assert [path.name for path in libraries_folder().iterdir()] == [SMALL.id]
    assert remove_library(SMALL.id) == added
    assert not is_available(SMALL)
    assert list(libraries_folder().iterdir()) == []
    assert problem_of(remove_library, SMALL.id).code == "library_not_added"


@pytest.mark.usefixtures("wheels")
def test_two_that_add_a_library_at_once_do_not_disturb_each_other(monkeypatch):
    install_library(SMALL.id, nothing, nothing)
    rename, others = os.rename, []

    def meanwhile(source, target):
        if Path(target) == libraries_folder() / SMALL.id and not others:
            others.append(True)
            install_library(SMALL.id, nothing, nothing)
        rename(source, target)

    monkeypatch.setattr(os, "rename", meanwhile)
    added = install_library(SMALL.id, nothing, nothing)
    assert others
    assert added_libraries() == (added,)
    assert [path.name for path in libraries_folder().iterdir()] == [SMALL.id]


@pytest.mark.usefixtures("wheels")
def test_the_earlier_copy_comes_back_where_the_new_one_cannot_take_its_place(monkeypatch):
    added = install_library(SMALL.id, nothing, nothing)
    rename = os.rename

    def refuse(source, target):
        if Path(source).name in ("folder", ".adding") and Path(target) == added.folder:
            raise PermissionError(13, "refused")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuse)
    assert problem_of(install_library, SMALL.id, nothing, nothing).where.path
    assert added_libraries() == (added,)


@pytest.mark.usefixtures("wheels")
def test_a_dry_run_removes_nothing(capsys):
    install_library(SMALL.id, nothing, nothing)
    assert cli.main(["doctor", "--remove", SMALL.id, "--dry-run"]) == 0
    assert "would be removed" in capsys.readouterr().out
    assert added_libraries()
    assert cli.main(["doctor", "--remove", SMALL.id]) == 0
    assert added_libraries() == ()


@pytest.mark.parametrize(("code", "requires", "expected"), [
    ("import no_such_module_here\n", "", "library_failed"),
    ("", "Requires-Dist: numpy<1.0", "library_not_offered")])
def test_what_cannot_be_loaded_or_does_not_fit_is_not_kept(wheels, code, requires, expected):
    install_library(SMALL.id, nothing, nothing)
    make_wheel(wheels, code, requires)
    assert problem_of(install_library, SMALL.id, nothing, nothing).code == expected
    assert [path.name for path in libraries_folder().iterdir()] == [SMALL.id], "the earlier copy stays, and nothing else"


@pytest.mark.usefixtures("wheels")
def test_a_cancel_leaves_nothing():
    class Cancelled(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        install_library(SMALL.id, nothing, check)
    assert not libraries_folder().exists() or list(libraries_folder().iterdir()) == []


def test_without_a_network_the_problem_says_so(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    problem = problem_of(install_library, "torch", nothing, nothing)
    assert problem.code == "offline", problem.details
    assert not libraries_folder().exists() or list(libraries_folder().iterdir()) == []


@pytest.mark.parametrize(("output", "code"), [
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "no_space"),
    ("ERROR: No matching distribution found for torch", "library_not_offered"),
    ("WARNING: Retrying ... NewConnectionError\nERROR: No matching distribution found for torch", "offline"),
    ("ERROR: something else", "library_failed")])
def test_what_pip_says_becomes_a_problem(output, code):
    problem = pip_process._problem(SMALL, output)
    assert problem.code == code
    assert "Small library" in problem.text.es


def test_constraints_hold_the_programs_own_libraries():
    pinned = dict(line.split("==") for line in pip_process.constraints().splitlines())
    assert (pinned["numpy"], pinned["keras"]) == (metadata.version("numpy"), metadata.version("keras"))
    assert pinned["tensorflow"] == pinned["tensorflow-cpu"]
    assert not any("+" in version for version in pinned.values())


def test_progress_is_counted_over_all_files():
    events: list[object] = []
    downloads = library_install._Downloads(300, events.append)
    downloads._last = -1.0
    downloads.read("Progress 100 of 100")
    downloads._last = -1.0
    downloads.read("Progress 50 of 200")
    assert [event.done for event in events] == [100, 150]


def test_an_added_reader_works_in_a_process_of_its_own(tmp_path):
    """The window must not get what was added: a stand-in for pyarrow that refuses this process."""
    file = tmp_path / "list ñ.parquet"
    file.write_bytes(b"PAR1")
    folder = add("pyarrow", "pyarrow", f"import os\nassert os.getpid() != {os.getpid()}\n")
    (folder / "pyarrow" / "parquet.py").write_text(textwrap.dedent("""\
        from types import SimpleNamespace as S
        def read_table(path):
            column = S(to_pylist=lambda: ["a.png", None])
            return S(column_names=["path"], schema=S(types=["string"]), column=lambda name: column)
        """), "utf-8")
    assert read_table(file).rows == [(1, ["path"]), (2, ["a.png"]), (3, [""])]
    (folder / "pyarrow" / "parquet.py").write_text("def read_table(path):\n    raise ValueError('no such thing')\n")
    assert "no such thing" in problem_of(read_table, file).text.en


def test_a_module_runs_in_the_worker_of_a_frozen_program(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "cnnstudio"))
    assert module_command("pip", "install") == [str(tmp_path / "cnnstudio-worker"), "--run-module", "pip", "install"]
