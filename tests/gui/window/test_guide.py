"""The guide in the window: a section for each page, a search over all sections, links between them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest

from cnnstudio.core.guide import read_guide
from cnnstudio.core.text import language
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.window.guide.dialog import GuideDialog
from cnnstudio.gui.window.guide.section_view import SectionView
from tests.gui.driving import part, says


def titles(dialog: GuideDialog) -> list[str]:
    return [item.text() for item in dialog._items()]


def test_the_search_lists_the_sections_with_the_words_and_marks_them(window):
    dialog = GuideDialog(window.action_set.entries, "train", window)
    assert dialog.section == "Train"
    dialog.search("oversampling")
    view = part(dialog, SectionView)
    assert titles(dialog)[0].startswith("Train  ·  ")
    assert view.hits == len(view.extraSelections()) > 0
    assert all(mark.cursor.selectedText().casefold() == "oversampling" for mark in view.extraSelections())
    dialog.search("no such words anywhere")
    assert titles(dialog) == [] and says(dialog, "Nothing found")
    dialog.search("")
    assert len(titles(dialog)) > len(read_guide(language()))
    assert view.extraSelections() == []
    dialog.close()


def test_enter_goes_through_all_places_of_all_sections(window):
    dialog = GuideDialog(window.action_set.entries, "start", window)
    dialog.show()
    dialog.search("TensorBoard")
    box, view = part(dialog, SearchBox), part(dialog, SectionView)
    seen = [(dialog.section, view.current_hit)]
    while True:
        QTest.keyClick(box, Qt.Key.Key_Return)
        if (dialog.section, view.current_hit) == seen[0]:
            break
        seen.append((dialog.section, view.current_hit))
    assert len({section for section, _hit in seen}) == len(titles(dialog)) > 1
    assert len(seen) == len(set(seen))
    assert dialog.isVisible()
    QTest.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert (dialog.section, view.current_hit) == seen[-1]
    dialog.close()


def test_a_link_leads_to_its_section_and_to_the_reference(window):
    dialog = GuideDialog(window.action_set.entries, "start", window)
    view = part(dialog, SectionView)
    view.anchorClicked.emit(QUrl("engineer.md"))
    assert dialog.section == "For an engineer with Keras scripts"
    view.anchorClicked.emit(QUrl("reference/index.md"))
    assert dialog.section == "Findings of the audit"
    dialog.close()


def test_the_shortcuts_are_a_section(window):
    dialog = GuideDialog(window.action_set.entries, "start", window)
    dialog.search("Ctrl+K")
    assert any(title.startswith("Shortcuts") for title in titles(dialog))
    dialog.close()
