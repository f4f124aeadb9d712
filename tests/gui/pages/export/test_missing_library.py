"""A format whose library is missing says so on its card, before Export is pressed."""

from __future__ import annotations

from cnnstudio.catalog import exporters
from cnnstudio.gui.pages.export.cards import FormatCard
from tests.gui.driving import texts


def test_the_card_names_the_missing_library(qtbot, monkeypatch):
    torch = exporters.EXPORTERS["torch"]
    monkeypatch.setattr(exporters.importlib.util, "find_spec", lambda _name: None)
    card = FormatCard(torch)
    qtbot.addWidget(card)
    assert "needs PyTorch, which is not installed" in texts(card)
    monkeypatch.setattr(exporters.importlib.util, "find_spec", lambda _name: object())
    card = FormatCard(torch)
    qtbot.addWidget(card)
    assert not any("not installed" in text for text in texts(card))
