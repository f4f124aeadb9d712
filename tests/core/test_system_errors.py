"""What the operating system says, in both languages."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import cnnstudio
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.system_errors import _REASONS, device_text, reason_of
from cnnstudio.core.text import Text
from cnnstudio.imaging import decode, errors
from cnnstudio.imaging.errors import PictureError, disk_reason, disk_text

PACKAGE = Path(cnnstudio.__file__).parent


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EISDIR, errno.EMFILE,
                                    errno.EIO, errno.ENAMETOOLONG])
def test_a_reason_is_told_in_both_languages(number):
    problem = OSError(number, os.strerror(number), "/x")
    assert reason_of(problem).en == os.strerror(number)
    assert reason_of(problem).es not in (reason_of(problem).en, "")
    # An OSError without a number, or with one that nobody translated, keeps its words; so does anything else.
    assert reason_of(OSError("a full shelf")) == Text("a full shelf", "a full shelf")
    assert reason_of(OSError(99999, "odd")) == Text("odd", "odd")
    assert reason_of(ValueError()) == Text("ValueError", "ValueError")


def test_a_sentence_holds_the_reason_in_its_own_language():
    problem = write_problem(OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)), "/x")
    assert ": File name too long. " in problem.text.en
    assert ": nombre de archivo demasiado largo. " in problem.text.es


def test_a_picture_that_cannot_be_read_tells_it_in_both_languages_too(monkeypatch, tmp_path):
    def fail(*_arguments, **_options):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(decode, "open_regular", fail)
    with pytest.raises(PictureError) as caught:
        decode.read_bytes(tmp_path / "x.png")
    assert "(Input/output error)" in caught.value.text("en")
    assert "(error de entrada/salida)" in caught.value.text("es")
    assert disk_text(disk_reason(OSError("odd")), "es") == "OSError"


def test_the_bundles_table_says_the_same():
    assert {name: (item.en, item.es) for name, item in _REASONS.items() if name in errors._REASONS} == errors._REASONS


def test_the_systems_words_enter_a_text_here_alone():
    result = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")
              if ".strerror" in path.read_text(encoding="utf-8").replace("os.strerror", "")}
    assert result == {"core/system_errors.py"}


def test_the_device_has_cores_in_both_languages():
    assert device_text("CPU: 2 cores") == Text("CPU: 2 cores", "CPU: 2 núcleos")
    assert device_text("GPU: NVIDIA T4").es == "GPU: NVIDIA T4"
