"""A format whose library is missing says so on its card, before Export is pressed."""

from __future__ import annotations

from cnnstudio.catalog.exporters import EXPORTERS, entry
from cnnstudio.gui.pages.export.format_cards import FormatCard
from tests.gui.driving import button, texts


def test_the_card_names_the_missing_library(qtbot, monkeypatch):
    torch = EXPORTERS["torch"]
    monkeypatch.setattr(entry, "is_available", lambda _library: False)
    card = FormatCard(torch)
    qtbot.addWidget(card)
    assert "needs PyTorch" in texts(card)
    with qtbot.waitSignal(card.library_wanted) as wanted:
        button(card, "Install").click()
    assert wanted.args == ["torch"]
    monkeypatch.setattr(entry, "is_available", lambda _library: True)
    card.update_libraries()
    assert not any(text.startswith("needs") for text in texts(card))
