"""What the state of layers says in words."""

from __future__ import annotations

from cnnstudio.core.events import LayersObserved, LayerState
from cnnstudio.core.layer_readings import readings


def observed(*layers):
    return LayersObserved(epoch=1, batch=0, layers=layers)


def layer(name, **values):
    return LayerState(name=name, kind="Dense", **values)


def names(*layers):
    return [reading.layers for reading in readings(observed(*layers))]


def test_where_all_is_well_nothing_is_said():
    assert not names(layer("a", gradient_norm=1.0, update_ratio=1e-3, dead=0.1), layer("frozen"))
    assert not readings(observed())


def test_each_kind_is_said_once_with_its_layers():
    found = readings(observed(*(layer(f"l{number}", dead=0.6) for number in range(5))))
    assert len(found) == 1 and found[0].layers == ("l0", "l1", "l2", "l3", "l4")
    assert "l0, l1, l2 and 2 more" in found[0].text.en and "l0, l1, l2 y 2 más" in found[0].text.es


def test_updates_outside_the_band():
    assert names(layer("much", update_ratio=0.011), layer("little", update_ratio=9e-5), layer("well", update_ratio=1e-2)) == [
        ("much",), ("little",)]


def test_a_gradient_that_vanishes():
    assert names(layer("first", gradient_norm=1e-6), layer("last", gradient_norm=1.0)) == [("first",)]
    assert not names(layer("a", gradient_norm=0.0), layer("b", gradient_norm=0.0)), "a network without any gradient is done"
