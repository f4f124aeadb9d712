"""Folders of projects and runs from elsewhere: links are never written through, looking writes nothing, and leftovers go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cnnstudio.core.commands import Stop
from cnnstudio.core.events import Failed
from cnnstudio.core.files import PROJECT_FILE, write_project
from cnnstudio.core.jobs import Train
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.own_folders import LOCK_FILE
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.datasets.index import open_index
from cnnstudio.workers.job_setup import export_job
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import create_run, find_run, list_runs
from cnnstudio.workers.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere"
    path.write_text("precious")
    return path


def test_exports_are_not_written_through_a_link(folder, tmp_path):
    (tmp_path / "other").mkdir()
    run = create_run(folder, Project(), lambda path: path.write_text(""))
    (folder / "exports").symlink_to(tmp_path / "other", target_is_directory=True)
    for path in (folder / "exports" / "model.keras", folder / "exports" / "below" / "model.keras"):
        with pytest.raises(ProblemError) as caught:
            export_job(run, "keras", path)
        assert [problem.code for problem in caught.value.problems] == ["is_link"]
        assert str(folder / "exports") in caught.value.problems[0].text.en
    assert export_job(run, "keras", tmp_path / "other" / "model.keras").format == "keras"
    (folder / "exports").unlink()
    assert export_job(run, "keras", folder / "exports" / "model.keras").format == "keras"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    write_project(path, Project())
    return path


def make_run(folder: Path):
    return create_run(folder, Project(), lambda path: path.write_text("{}"))


@pytest.mark.parametrize("name", [".lock", "dataset.sqlite", "dataset.sqlite-wal", "runs", "bases"])
def test_a_link_in_a_project_is_refused(folder, elsewhere, name):
    (folder / name).symlink_to(elsewhere)
    problem = ProjectLock(folder).acquire()
    assert problem is not None and problem.code == "is_link" and name in problem.text.en
    with pytest.raises(ProblemError):
        open_index(folder)
    assert elsewhere.read_text() == "precious"


@pytest.mark.parametrize("name", [".lock", "events.jsonl", "commands.jsonl", "worker.log", "checkpoints"])
def test_a_link_in_a_run_is_refused(folder, elsewhere, name):
    run = make_run(folder)
    if name == "checkpoints":
        run.checkpoints.rmdir()
    (run.folder / name).symlink_to(elsewhere)
    assert list_runs(folder)[0].state == "damaged"
    last = Supervisor(Train(run_folder=str(run.folder)), lambda _event: None).run()
    assert isinstance(last, Failed) and last.problem.code == "is_link"
    with pytest.raises(ProblemError):
        run.send(Stop())
    with pytest.raises(ProblemError):
        find_run(folder, run.id)
    if name == "events.jsonl":
        with pytest.raises(OSError, match="symbolic"):
            Link(object()).keep_in(run.folder)  # type: ignore[arg-type]
    assert elsewhere.read_text() == "precious"


@pytest.mark.parametrize("linked", ["runs", "run"])
def test_a_linked_folder_of_runs_is_refused(folder, tmp_path, linked):
    run = make_run(folder)
    place = run.folder if linked == "run" else run.folder.parent
    place.rename(tmp_path / "moved")
    place.symlink_to(tmp_path / "moved", target_is_directory=True)
    before = sorted(tmp_path.rglob("moved/**/*"))
    with pytest.raises(ProblemError):
        find_run(folder, run.id)
    if linked == "runs":
        with pytest.raises(ProblemError):
            make_run(folder)
    assert ProjectLock(run.folder).acquire() is not None
    assert sorted(tmp_path.rglob("moved/**/*")) == before


def test_looking_writes_nothing(folder):
    run = make_run(folder)
    (run.folder / "events.jsonl").write_text("x\n")
    list_runs(folder)
    assert not run.living() and not (run.folder / LOCK_FILE).exists()
    lock = ProjectLock(run.folder)
    assert lock.acquire() is None and run.living()
    held = (run.folder / LOCK_FILE).read_bytes()
    lock.release()
    assert not run.living() and (run.folder / LOCK_FILE).read_bytes() == held


def test_leftovers_of_killed_programs_go_at_the_next_opening(folder, elsewhere):
    run = make_run(folder)
    names = [folder / f".{Path(PROJECT_FILE).stem}.0123abcd.tmp.cnnstudio", folder / "bases" / ".model.0123abcd.tmp.keras",
             run.folder / ".model.01234567.tmp.keras", run.checkpoints / ".a1_b2c3d.tmp"]
    kept = [folder / ".notes.tmp", folder / ".0123abcd.keras", run.checkpoints / "epoch-00001-000000.ckpt"]
    for path in (*names, *kept):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    os.symlink(elsewhere, folder / ".x.01234567.tmp")
    for place in (folder, run.folder):
        lock = ProjectLock(place)
        assert lock.acquire() is None
        lock.release()
    assert not [path for path in names if path.exists()]
    assert [path for path in kept if not path.exists()] == []
    assert elsewhere.read_text() == "precious"
