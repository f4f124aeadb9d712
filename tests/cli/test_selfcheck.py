"""The self-check: every fault of an installation that it knows is found, and a whole one passes."""

from __future__ import annotations

import importlib.machinery
import json
import multiprocessing.spawn
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from cnnstudio import __main__ as program
from cnnstudio import cli
from cnnstudio.cli import selfcheck
from cnnstudio.cli.output import Output
from cnnstudio.cli.reference_pages import sections
from cnnstudio.core import places
from cnnstudio.core.text import set_language
from cnnstudio.engine import sources
from cnnstudio.gui.pages import PAGES

OUTPUT = Output(as_json=False)


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small stand-ins of the resources and documents, in the place of a frozen program's."""
    package = tmp_path / "cnnstudio"
    for folder in ("resources", "docs"):
        (package / folder).mkdir(parents=True)
    for name in (*selfcheck._RESOURCES, *selfcheck._LICENCES, "weights/efficientnet_lite0.npz", "THIRD-PARTY.txt"):
        file = package / "resources" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    for folder in ("guide", "lessons"):
        shutil.copytree(places.resource(folder), package / "resources" / folder, dirs_exist_ok=True)
    (package / "docs" / "reference.md").write_text(places.document("reference.md").read_text("utf-8"), "utf-8")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    return package


def test_the_reference_counts_what_is_registered():
    counts = selfcheck.documented_counts(places.document("reference.md").read_text("utf-8"))
    assert counts == {str(section.title): len(section.registry) for section in sections()}
    set_language("es")
    assert selfcheck._registries(OUTPUT).ok


def test_a_missing_entry_is_named(copied):
    file = copied / "docs" / "reference.md"
    file.write_text(file.read_text("utf-8") + "\n### One more\n", "utf-8")
    result = selfcheck._registries(OUTPUT)
    last = sections()[-1]
    assert not result.ok
    assert f"{last.title}: {len(last.registry)} / {len(last.registry) + 1}" in result.text


@pytest.mark.parametrize("name", ["fonts/Inter-Regular.otf", "weights/efficientnet_lite0.npz", "guide/es/data.md"])
def test_a_missing_or_empty_resource_is_named(copied, name):
    assert selfcheck._resources(OUTPUT).ok
    (copied / "resources" / name).write_text("")
    assert name in selfcheck._resources(OUTPUT).text
    (copied / "resources" / name).unlink()
    assert not selfcheck._resources(OUTPUT).ok


def test_the_resources_of_this_tree_are_whole_and_each_is_looked_for():
    result = selfcheck._resources(OUTPUT)
    assert result.ok, result.text
    root = places.resource()
    there = {file.relative_to(root).as_posix() for folder in ("fonts", "service", "templates", "weights", "sample")
             for file in (root / folder).iterdir()}
    assert there <= {*selfcheck._RESOURCES, *selfcheck._LICENCES, "weights/efficientnet_lite0.npz"}


def test_a_missing_lesson_is_named(copied):
    shutil.rmtree(next((copied / "resources" / "lessons").glob("07-*")))
    assert selfcheck._resources(OUTPUT) == (False, "missing: lessons/07-*")


@pytest.mark.parametrize("name", ["sample/LICENSE.txt", "THIRD-PARTY.txt"])
def test_a_missing_licence_is_named(copied, name):
    (copied / "LICENSE").write_text("Apache License")
    assert selfcheck._licences(OUTPUT).ok
    (copied / "resources" / name).unlink()
    assert selfcheck._licences(OUTPUT) == (False, f"missing: {name}")


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    assert selfcheck._folders(OUTPUT).ok
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "file" / "cache"))
    result = selfcheck._folders(OUTPUT)
    assert not result.ok
    assert str(tmp_path / "file" / "cache") in result.text


def test_the_window_is_shown_in_a_process_of_its_own():
    result = selfcheck._window(OUTPUT)
    assert result.ok, result.text
    assert "offscreen" in result.text


def test_a_platform_plugin_that_is_missing_is_told(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonsense")
    result = selfcheck._window(OUTPUT)
    assert not result.ok
    assert "nonsense" in result.text


def test_a_line_a_check_and_the_exit_code(monkeypatch, capsys):
    def refuse(_output: Output) -> selfcheck.Check:
        raise OSError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(selfcheck, "_CHECKS", {"versions": selfcheck._versions, "folders": selfcheck._folders})
    assert cli.main(["selfcheck", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["check"], line["ok"]) for line in lines] == [("versions", True), ("folders", True)]
    assert all(set(line) == {"check", "ok", "text"} and line["text"] for line in lines)
    monkeypatch.setattr(selfcheck, "_CHECKS", {"folders": refuse, "versions": selfcheck._versions})
    assert cli.main(["selfcheck", "--json", "--language", "es"]) == 1
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["ok"], first["text"]) == (False, "/somewhere: permiso denegado")
    assert second["ok"]


@pytest.mark.keras
def test_a_child_trains_one_step_and_predicts():
    result = selfcheck._child(OUTPUT)
    assert result.ok, result.text


def test_the_options_of_the_window_open_it():
    words = ("--sample", "--check-window", "--json", "selfcheck", "train")
    assert [word for word in words if program.is_for_terminal(word)] == ["--json", "selfcheck", "train"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_modules_come_from_the_program_that_was_started(tmp_path, monkeypatch):
    file = tmp_path / "cnnstudio"
    file.write_text("old")
    archive = types.SimpleNamespace(_filename=str(file))
    monkeypatch.setitem(sys.modules, "pyimod02_importers", types.SimpleNamespace(pyz_archive=archive))
    program.keep_modules()
    file.unlink()
    file.write_text("new")
    assert Path(archive._filename).read_text() == "old"
    os.close(int(Path(archive._filename).name))


def test_a_frozen_program_starts_the_worker_and_hides_its_libraries(tmp_path, monkeypatch):
    before = multiprocessing.spawn.get_executable()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "cnn studio ñ" / "cnnstudio"))
    monkeypatch.setenv("LD_LIBRARY_PATH", "/ours")
    monkeypatch.setenv("PYINSTALLER_RESET_ENVIRONMENT", "0")
    try:
        program.set_up_frozen()
        assert multiprocessing.spawn.get_executable() == before
        assert "LD_LIBRARY_PATH" not in os.environ
        assert os.environ["PYINSTALLER_RESET_ENVIRONMENT"] == "1"
        worker = tmp_path / "cnn studio ñ" / "cnnstudio-worker"
        worker.parent.mkdir()
        worker.touch()
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/theirs")
        program.set_up_frozen()
        assert multiprocessing.spawn.get_executable() in (str(worker), os.fsencode(worker))
        assert os.environ["LD_LIBRARY_PATH"] == "/theirs"
        assert "LD_LIBRARY_PATH_ORIG" not in os.environ
    finally:
        multiprocessing.spawn.set_executable(before)


def test_the_source_of_a_frozen_module_lies_beside_it(tmp_path, monkeypatch):
    (tmp_path / "module.py").write_text("x = 1\n")
    spec = importlib.machinery.ModuleSpec("module", None, origin=str(tmp_path / "module.pyc"))
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda _name: spec)
    assert sources.source_file("module") == tmp_path / "module.py"


def test_checking_the_window_leaves_nothing_running():
    done = subprocess.run([sys.executable, "-m", "cnnstudio", "--check-window"], capture_output=True, text=True, timeout=120,
                          check=False, cwd=Path(__file__).resolve().parents[2])
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown == {"platform": "offscreen", "icon": True, "font": True, "pages": len(PAGES), "qt": shown["qt"]}
    assert "QThread" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="X11")
def test_what_the_platform_plugin_of_qt_lacks_is_named_before_qt_aborts(monkeypatch, capsys):
    import ctypes

    def refuse(_path: str) -> None:
        try:
            raise OSError("libX11-xcb.so.1: cannot open shared object file: No such file or directory")
        except OSError as reason:
            raise OSError("Failed to load dynlib/dll") from reason

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert program.missing_library() == ""
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert program.open_window([]) == 1
    assert "libX11-xcb.so.1" in capsys.readouterr().err


@pytest.mark.parametrize("name", [None, "PySide6.QtGui", "QtGui"])
@pytest.mark.parametrize(("language", "word"), [("en", "cannot be opened"), ("es", "No se puede abrir")])
def test_a_missing_library_of_the_system_is_named(monkeypatch, capsys, language, word, name):
    class Missing:
        def find_spec(self, wanted: str, *_rest: object) -> None:
            if wanted == "cnnstudio.app":
                raise ImportError("libEGL.so.1: cannot open shared object file: No such file or directory", name=name)

    monkeypatch.setattr("cnnstudio.core.text.system_language", lambda: language)
    monkeypatch.delitem(sys.modules, "cnnstudio.app", raising=False)
    monkeypatch.delattr("cnnstudio.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    assert program.open_window([]) == 1
    told = capsys.readouterr().err
    assert word in told
    assert "libEGL.so.1" in told
    assert "sudo apt install libegl1" in told
    assert "Traceback" not in told
