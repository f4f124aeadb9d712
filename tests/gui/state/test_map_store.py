"""Which maps are known: with their files, bounded in number, and for one model only."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.explain_jobs import Explained
from cnnstudio.gui.state import map_store
from cnnstudio.gui.state.map_store import MapStore
from tests.gui.pages.explanation.scripted import CHECKS


def explained(store: MapStore, name: str, checks=None) -> Explained:
    file = Path(store.new_folder()) / f"{name}.npz"
    file.write_bytes(b"a map")
    return Explained(path=name, map_file=str(file), checks=checks)


def test_what_is_kept_is_found_while_its_file_is_there():
    store = MapStore()
    event = explained(store, "a")
    store.keep("a", event)
    assert store.find("a") is event
    assert store.find("a", checked=True) is None
    checked = explained(store, "a", CHECKS)
    store.keep("a", checked)
    assert store.find("a", checked=True) is checked
    Path(checked.map_file).unlink()
    assert store.find("a") is None
    store.clear()


def test_the_oldest_ones_go_with_their_files(monkeypatch):
    monkeypatch.setattr(map_store, "_MOST", 2)
    store = MapStore()
    events = {name: explained(store, name) for name in "abc"}
    for name in "ab":
        store.keep(name, events[name])
    assert store.find("a") is not None
    store.keep("c", events["c"])
    assert store.find("b") is None and not Path(events["b"].map_file).exists()
    assert store.find("a") is not None and store.find("c") is not None
    store.clear()
    assert store.find("a") is None and not Path(events["a"].map_file).exists()
    assert Path(store.new_folder()).is_dir()
    store.clear()
