"""Keras is imported without the libraries that nothing here gives it."""

import importlib
import sys

import pytest

from cnnstudio.engine import lean_import


def test_what_is_hidden_can_be_imported_afterwards(monkeypatch):
    monkeypatch.setattr(lean_import, "_UNUSED", ("colorsys", "json"))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with lean_import.lean_keras():
        with pytest.raises(ImportError):
            importlib.import_module("colorsys")
        assert importlib.import_module("json").dumps([1]) == "[1]", "what is there already stays"
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
