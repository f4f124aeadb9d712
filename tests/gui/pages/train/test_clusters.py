"""Where to train: clusters are added and checked, and a training there looks like one of this computer."""

from __future__ import annotations

import time

import pytest
from PySide6.QtWidgets import QTableView

from cnnstudio.core.clusters import Cluster, keep_cluster, read_clusters
from cnnstudio.core.commands import Pause, Stop
from cnnstudio.core.events import Epoch, Finished, Hello, Notice, Progress
from cnnstudio.core.messages import decode_command
from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.train.place.card import PlaceCard
from cnnstudio.gui.pages.train.place.dialog import ClustersDialog
from cnnstudio.gui.pages.train.place.form import ClusterForm
from cnnstudio.gui.pages.train.runs.queue import QueuePanel
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.widgets.question import Question
from cnnstudio.workers.cluster import following, tokens
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.runs.folder import list_runs
from tests.gui import driving
from tests.gui.fake_ray import TOKEN, FakeRay

WAIT = 15_000


@pytest.fixture
def ray(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "_keyring", lambda: None)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(following, "ASK_SECONDS", 0.05)

    def share(training):
        # Preparing pictures takes a child with Keras, which tests of the engine start.
        training._pass_on(Progress(done=20, total=40, unit="pictures", time=time.time()))
        return Finished(time=time.time())

    monkeypatch.setattr(ClusterTraining, "_share", share)
    server = FakeRay(tmp_path / "storage")
    yield server
    server.close()


@pytest.fixture
def lab(ray):
    """A cluster that is known already."""
    tokens.keep_token("lab", TOKEN)
    return keep_cluster(Cluster(name="lab", address=ray.address, storage=str(ray.storage)))


def open_dialog(page) -> ClustersDialog:
    driving.press(page, "Clusters…")
    return next(child for child in page.parent().window().findChildren(ClustersDialog) if child.isVisible())


def fill(form, **values) -> None:
    for name, text in values.items():
        driving.field(form, {"name": "Name", "address": "Address", "token": "Token", "storage": "Shared storage"}[name]
                      ).setText(text)
    driving.press(form, "Save and check")


def choose_lab(qtbot, page) -> None:
    page.workspace.places.reload()
    driving.choose(driving.field(page, "Where to train"), "lab")
    qtbot.waitUntil(lambda: driving.says(driving.part(page, PlaceCard), "Ready"), timeout=WAIT)


def start(qtbot, page, ray) -> str:
    """Start a training there; returns the id of the job."""
    page.start()
    qtbot.waitUntil(lambda: bool(ray.trainings), timeout=WAIT)
    return ray.trainings[-1]


def shown_state(page) -> str:
    table = driving.part(driving.part(page, RunsTable), QTableView)
    return driving.rows(table)[0][-1]


def epoch(number: int) -> Epoch:
    return Epoch(epoch=number, epochs=3, metrics={"loss": 1 / number, "val_accuracy": 0.5 + number / 10}, seconds=1.0,
                 pictures_per_second=100.0, time=time.time())


def test_a_cluster_is_added_checked_and_removed(qtbot, page, ray, monkeypatch):
    dialog = open_dialog(page)
    assert driving.says(dialog, "No clusters yet.")
    driving.press(dialog, "Add a cluster…")
    form = driving.part(dialog, ClusterForm)
    fill(form, name="my lab", address="nowhere at all", storage="")
    qtbot.waitUntil(lambda: driving.says(form, "is not the address of a cluster"), timeout=WAIT)
    assert driving.says(form, "letters, digits") and driving.says(form, "needs shared storage")
    fill(form, name="lab", address=ray.address, token=TOKEN, storage=str(ray.storage))
    qtbot.waitUntil(lambda: driving.says(dialog, "Ready · 2 hosts · 16 processors · 2 GPUs"), timeout=WAIT)
    assert driving.says(dialog, "Ray 2.60.0 · Keras ")
    assert not driving.parts(dialog, ClusterForm), "it is closed"
    assert tokens.read_token("lab") == TOKEN and TOKEN not in (read_clusters()[0].address + str(read_clusters()[0]))
    ray.version = "2.40.0"
    driving.press(dialog, "Check: lab")
    qtbot.waitUntil(lambda: driving.says(dialog, "2.40.0"), timeout=WAIT)
    monkeypatch.setattr(Question, "ask", lambda _question: "remove")
    driving.press(dialog, "Remove: lab")
    qtbot.waitUntil(lambda: driving.says(dialog, "No clusters yet."), timeout=WAIT)
    assert read_clusters() == () and tokens.read_token("lab") == ""
    dialog.accept()


@pytest.mark.usefixtures("lab")
def test_a_wrong_token_is_told_and_another_one_heals_it(qtbot, page):
    tokens.keep_token("lab", "another")
    page.workspace.places.reload()
    dialog = open_dialog(page)
    qtbot.waitUntil(lambda: driving.says(dialog, "token"), timeout=WAIT)
    driving.press(dialog, "Edit…: lab")
    form = driving.part(dialog, ClusterForm)
    assert driving.field(form, "Token").text() == "", "what is kept is not shown"
    fill(form, token=TOKEN)
    qtbot.waitUntil(lambda: driving.says(dialog, "Ready"), timeout=WAIT)
    dialog.accept()


@pytest.mark.usefixtures("lab")
def test_a_training_there_looks_like_one_of_this_computer(qtbot, page, window, ray):
    choose_lab(qtbot, page)
    assert driving.says(driving.part(page, PlaceCard), "answers and the inside of the layers cannot be watched")
    job = start(qtbot, page, ray)
    qtbot.waitUntil(lambda: driving.says(page, "Waiting for hosts of the cluster"), timeout=WAIT)
    qtbot.waitUntil(lambda: shown_state(page) == "Waiting · lab", timeout=WAIT)
    ray.jobs[job]["status"] = "RUNNING"
    ray.write_events(job, Hello(pid=1, versions={}, device="GPU", time=time.time()), epoch(1))
    qtbot.waitUntil(lambda: page._curves.epoch_x == [1], timeout=WAIT)
    qtbot.waitUntil(lambda: shown_state(page) == "Running · lab", timeout=WAIT)
    driving.press(window, "Pause")
    qtbot.waitUntil(lambda: [decode_command(data) for data in ray.commands(job)] == [Pause()], timeout=WAIT)
    ray.write_file(job, "model.keras", b"weights")
    ray.write_events(job, epoch(2), Finished(run="x", time=time.time()))
    ray.jobs[job]["status"] = "SUCCEEDED"
    driving.wait_idle(qtbot, page.session)
    run = list_runs(page.session.folder)[0]
    assert (run.state, run.cluster, run.epochs) == ("finished", "lab", 2)
    assert (run.folder / "model.keras").read_bytes() == b"weights"


@pytest.mark.usefixtures("lab")
def test_stop_and_keep_reaches_the_cluster(qtbot, page, window, ray):
    choose_lab(qtbot, page)
    job = start(qtbot, page, ray)
    ray.jobs[job]["status"] = "RUNNING"
    ray.write_events(job, Hello(pid=1, versions={}, device="GPU", time=time.time()), epoch(1))
    qtbot.waitUntil(lambda: page._curves.epoch_x == [1], timeout=WAIT)
    driving.press(window, "Stop and keep")
    qtbot.waitUntil(lambda: [decode_command(data) for data in ray.commands(job)] == [Stop(keep=True)], timeout=WAIT)
    ray.jobs[job]["status"] = "STOPPED"
    driving.wait_idle(qtbot, page.session)
    assert list_runs(page.session.folder)[0].state == "stopped"


@pytest.mark.usefixtures("lab")
def test_the_window_closes_and_the_training_is_found_again(qtbot, page, window, ray, project_folder, monkeypatch):
    choose_lab(qtbot, page)
    job = start(qtbot, page, ray)
    ray.jobs[job]["status"] = "RUNNING"
    ray.write_events(job, Hello(pid=1, versions={}, device="GPU", time=time.time()), epoch(1))
    qtbot.waitUntil(lambda: page._curves.epoch_x == [1], timeout=WAIT)
    asked = []

    def ask(question):
        asked.append(driving.texts(question))
        return "detach"

    monkeypatch.setattr(Question, "ask", ask)
    assert window.close()
    assert any("goes on there without this window" in text for text in asked[0])
    assert any("on lab" in text for text in asked[0])
    page.session.close()
    assert ray.commands(job) == [], "nothing ends it"
    ray.write_events(job, epoch(2))
    assert page.session.open(project_folder)
    window.show()
    assert window.go("train")
    again = window.current
    qtbot.waitUntil(lambda: again._curves.epoch_x == [1, 2], timeout=WAIT)
    ray.write_events(job, Finished(run="x", time=time.time()))
    ray.jobs[job]["status"] = "SUCCEEDED"
    driving.wait_idle(qtbot, page.session)
    assert list_runs(project_folder)[0].state == "finished"


@pytest.mark.usefixtures("lab")
def test_a_cluster_that_is_gone_for_a_while_is_told_and_waited_for(qtbot, page, ray):
    choose_lab(qtbot, page)
    job = start(qtbot, page, ray)
    ray.jobs[job]["status"] = "RUNNING"
    ray.write_events(job, Hello(pid=1, versions={}, device="GPU", time=time.time()))
    heard = []
    page.session.jobs.of_kind("train").event.connect(heard.append)
    ray.away = True
    qtbot.waitUntil(lambda: any(isinstance(event, Notice) for event in heard), timeout=WAIT)
    assert page.session.jobs.of_kind("train") is not None
    ray.write_events(job, epoch(1), Finished(run="x", time=time.time()))
    ray.jobs[job]["status"] = "SUCCEEDED"
    ray.away = False
    driving.wait_idle(qtbot, page.session)
    assert list_runs(page.session.folder)[0].state == "finished"


@pytest.mark.usefixtures("lab")
def test_what_waits_says_where_it_goes_and_keeps_it(qtbot, page, project_folder, monkeypatch):
    monkeypatch.setattr(ChildJob, "start", lambda _job: None)
    page.start()
    qtbot.waitUntil(lambda: page.session.jobs.of_kind("train") is not None, timeout=WAIT)
    choose_lab(qtbot, page)
    page.start()
    panel = driving.part(page, QueuePanel)
    qtbot.waitUntil(lambda: driving.says(panel, "·  lab"), timeout=WAIT)
    local = page.session.jobs.of_kind("train")
    page.session.close()
    assert page.session.open(project_folder)
    assert [item.cluster for item in page.workspace.launcher.queue.waiting] == ["lab"]
    local._finish(Finished(time=4.0))
    page.workspace.launcher.queue.clear()


@pytest.mark.usefixtures("lab")
def test_in_spanish(qtbot, page):
    set_language("es")
    try:
        page.workspace.places.reload()
        card = PlaceCard(page.workspace.places)
        qtbot.addWidget(card)
        driving.choose(driving.field(card, "Dónde entrenar"), "lab")
        card.show()
        qtbot.waitUntil(lambda: driving.says(card, "Listo · 2 nodos"), timeout=WAIT)
    finally:
        set_language("en")
        page.workspace.places.choose("")
