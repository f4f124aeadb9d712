"""The form of a new project shows what the folder holds, and its place follows its name."""

from __future__ import annotations

import os

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from cnnstudio.gui.pages.start.first_look import FirstLook
from cnnstudio.gui.pages.start.new_project import NewProjectForm, folder_name
from cnnstudio.gui.state.commands import OpenPaths
from tests.gui.driving import part, texts, write


@pytest.fixture
def form(window, pictures_folder):
    window.perform(OpenPaths((str(pictures_folder),)))
    return part(window, NewProjectForm)


def line(form, name):
    return next(item for item in form.findChildren(QLineEdit) if item.accessibleName() == name)


def rename(form, text):
    name = line(form, "Name")
    name.selectAll()
    QTest.keyClicks(name, text)
    return os.path.basename(line(form, "Location").text())


def test_the_folder_is_counted_and_shown(qtbot, form):
    look = part(form, FirstLook)
    qtbot.waitUntil(lambda: any("pictures" in text and "class" in text for text in texts(look)), timeout=20_000)
    shown = [item for item in look.findChildren(QLabel) if item.pixmap() and not item.pixmap().isNull()]
    assert len(shown) >= 2
    # The files are 24 to 43 pixels large.
    assert all(max(item.pixmap().deviceIndependentSize().toTuple()) == item.width() for item in shown), "no specks"
    qtbot.waitUntil(lambda: any(text.startswith("For these pictures: ") for text in texts(form)), timeout=20_000)


def test_the_place_follows_the_name_until_it_is_edited(qtbot, form):
    assert rename(form, "My cats") == "My cats"
    assert rename(form, "a/b") == "a_b"
    write(form, "Location", "/nowhere/elsewhere")
    assert rename(form, "Other") == "elsewhere"
    qtbot.waitUntil(lambda: not len(form._session.jobs), timeout=20_000)


def test_names_that_no_folder_can_have():
    assert folder_name(' a:b*c?.') == "a_b_c_"
    assert folder_name("..") == ""
