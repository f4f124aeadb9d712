"""What the packages are made from, as far as it can be tried without the minutes of a build."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cnnstudio import __version__

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
DATA = tomllib.loads((PACKAGING / "build.toml").read_text("utf-8"))
needs_sh = pytest.mark.skipif(os.name == "nt", reason="installs on Linux")


@pytest.fixture
def third_party(monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGING))
    import third_party

    yield third_party
    sys.modules.pop("third_party", None)


def needs(command: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(command) is None, reason=f"{command} is not installed")


def call(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=120, **options)


def _left_out_of_the_window() -> set[str]:
    """What the frozen program without Keras is made without, by the description that PyInstaller reads."""
    spec = (PACKAGING / "cnnstudio.spec").read_text("utf-8")
    window = spec[spec.index("window = Analysis("):spec.index("worker = Analysis(")]
    excludes = re.findall(r"excludes=\[(.*?)\]", window)[-1]
    return {*re.findall(r'"([\w.]+)"', excludes), *DATA["freeze"]["unused"]}


def _imports(path: Path) -> set[str]:
    """The modules that a file imports, inside functions too."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    return {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names} | {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}


def test_nothing_that_the_window_imports_is_left_out_of_its_program():
    """`reproduce` and networks from .h5 files read HDF5 outside the engine, and the frozen program had no h5py."""
    left_out = _left_out_of_the_window() - {"pyarrow", "torch", "jax"}  # added by the user
    package = PACKAGING.parent / "cnnstudio"
    wanted = {(path.relative_to(package).as_posix(), name) for path in package.rglob("*.py")
              if not path.is_relative_to(package / "engine") for name in _imports(path)
              if any(name == left or name.startswith(f"{left}.") for left in left_out - {"cnnstudio.engine"})}
    assert wanted == set()


def test_the_script_of_the_packages_stays_short():
    assert len((PACKAGING / "build.py").read_text("utf-8").splitlines()) < 300


@pytest.mark.parametrize(("licence", "fine"), [
    ("MIT", True), ("LGPL-3.0-only", True), ("GNU Lesser General Public License v2 or later (LGPLv2+)", True), ("", False),
    ("GPL-3.0-only", False), ("GNU General Public License v3 (GPLv3)", False), ("MIT, GPL-2.0", False), ("AGPL-3.0", False)])
def test_a_library_under_the_gpl_or_an_unknown_licence_ends_the_build(third_party, licence, fine):
    part = third_party.Part("some-library", "1", licence, "pkg:pypi/some-library@1", "")
    fault = third_party.licence_fault([part], [], DATA["licences"])
    assert (fault == "") is fine
    assert fine or "some-library" in fault


@pytest.mark.parametrize(("name", "fine"), [
    ("libx265-1234abcd.so.215", False), ("libreadline.so.8", False), ("libgdbm.so.6", False), ("libheif-7a3e.so.1", True)])
def test_a_file_that_is_known_to_be_gpl_ends_the_build(third_party, name, fine):
    assert (third_party.licence_fault([], [name], DATA["licences"]) == "") is fine


def test_the_list_of_components_is_the_same_every_time(third_party, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    parts = [third_party.Part("a", "1", "MIT", "pkg:pypi/a@1", "")]
    assert third_party.components(parts, "1") == third_party.components(parts, "1")
    assert third_party.components(parts, "1") != third_party.components([parts[0]._replace(version="2")], "1")


def test_what_linux_gets_exists_and_is_written_in_both_languages():
    for source in DATA["linux_files"]:
        assert (PACKAGING.parent / source).is_file(), source
    desktop = (PACKAGING / "linux" / "cnnstudio.desktop").read_text("utf-8").splitlines()
    for key in ("Comment", "GenericName", "Keywords"):
        assert any(line.startswith(f"{key}[es]=") for line in desktop), key
    parts = list(ElementTree.parse(PACKAGING / "linux" / "metainfo.xml").iter())
    spanish = [part for part in parts if part.get("{http://www.w3.org/XML/1998/namespace}lang") == "es"]
    assert len(spanish) == len([part for part in parts if part.tag in ("summary", "p", "li")]) / 2


@needs("desktop-file-validate")
def test_the_desktop_entry_is_valid():
    done = call("desktop-file-validate", PACKAGING / "linux" / "cnnstudio.desktop")
    assert (done.returncode, done.stdout) == (0, "")


@needs("appstreamcli")
def test_the_description_for_software_centres_is_valid(tmp_path):
    text = (PACKAGING / "linux" / "metainfo.xml").read_text("utf-8")
    for mark, value in {"@ID@": DATA["identity"]["id"], "@DEVELOPER@": DATA["identity"]["developer"], "@VERSION@": __version__,
                        "@DATE@": "2026-11-30"}.items():
        text = text.replace(mark, value)
    file = tmp_path / f"{DATA['identity']['id']}.metainfo.xml"
    file.write_text(text, "utf-8")
    done = call("appstreamcli", "validate", "--no-net", file)
    assert done.returncode == 0, done.stdout


@needs("makensis")
def test_the_installer_for_windows_compiles_around_a_placeholder(tmp_path):
    payload = tmp_path / "a folder ñ"
    (payload / "_internal").mkdir(parents=True)
    for name in ("cnnstudio.exe", "cnnstudio-gui.exe", "cnnstudio-worker.exe", "_internal/library.dll"):
        (payload / name).write_text("placeholder")
    from PIL import Image

    icon, setup = tmp_path / "icon.ico", tmp_path / "cnnstudio-setup.exe"
    Image.new("RGB", (64, 64)).save(icon)
    given = {"VERSION": __version__, "PAYLOAD": payload, "OUTPUT": setup, "ICON": icon, "PROJECT_ICON": icon,
             "LICENCE": PACKAGING.parent / "LICENSE"}
    done = call("makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *(f"-D{name}={value}" for name, value in given.items()),
                PACKAGING / "windows" / "installer.nsi")
    assert done.returncode == 0, done.stdout + done.stderr
    assert setup.read_bytes()[:2] == b"MZ"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """What the self-extracting archive unpacks, with a program that prints a word."""
    usr = tmp_path / "unpacked" / "usr"
    for folder in ("bin", "lib/cnnstudio", "share/applications", "share/man/man1"):
        (usr / folder).mkdir(parents=True)
    program = usr / "lib" / "cnnstudio" / "cnnstudio"
    program.write_text("#!/bin/sh\necho one\n")
    program.chmod(0o755)
    for name in ("cnnstudio", "cnnstudio-gui"):
        (usr / "bin" / name).symlink_to("../lib/cnnstudio/cnnstudio")
    shutil.copy(PACKAGING / "linux" / "cnnstudio.desktop", usr / "share" / "applications")
    (usr / "share" / "man" / "man1" / "cnnstudio.1.gz").write_bytes(b"")
    shutil.copy(PACKAGING / "linux" / "install.sh", tmp_path / "unpacked")
    return tmp_path / "unpacked"


@needs_sh
def test_the_archive_installs_upgrades_and_leaves_what_is_the_users(archive, tmp_path):
    prefix = tmp_path / "my | programs & ñ"
    (prefix / "share").mkdir(parents=True)
    mine = prefix / "share" / "mine.txt"
    mine.write_text("mine")
    install = archive / "install.sh"
    done = call("sh", install, "--prefix", prefix)
    assert done.returncode == 0, done.stderr
    assert call(prefix / "bin" / "cnnstudio-gui").stdout == "one\n"
    entry = (prefix / "share" / "applications" / "cnnstudio.desktop").read_text("utf-8")
    assert f'Exec="{prefix}/bin/cnnstudio-gui" %f' in entry
    assert f"\nTryExec={prefix}/bin/cnnstudio-gui\n" in entry
    (archive / "usr" / "lib" / "cnnstudio" / "cnnstudio").write_text("#!/bin/sh\necho two\n")
    manual = archive / "usr" / "share" / "man" / "man1"
    (manual / "cnnstudio.1.gz").rename(manual / "cnnstudio-new.1.gz")
    assert call("sh", install, "--prefix", prefix).returncode == 0
    assert call(prefix / "bin" / "cnnstudio").stdout == "two\n"
    assert not (prefix / "share" / "man" / "man1" / "cnnstudio.1.gz").exists()
    removed = call("sh", install, "--prefix", prefix, "--uninstall")
    assert removed.returncode == 0
    assert ".config/cnnstudio" in removed.stdout
    assert sorted(prefix.rglob("*")) == [mine.parent, mine]
    assert call("sh", install, "--prefix", prefix, "--uninstall").returncode == 1


@needs_sh
def test_an_incomplete_archive_changes_nothing(archive, tmp_path):
    assert call("sh", archive / "install.sh", "--prefix", tmp_path / "there").returncode == 0
    shutil.rmtree(archive / "usr" / "lib")
    done = call("sh", archive / "install.sh", "--prefix", tmp_path / "there")
    assert (done.returncode, done.stdout) == (1, "")
    assert "incomplete" in done.stderr
    assert call(tmp_path / "there" / "bin" / "cnnstudio").stdout == "one\n"


@needs_sh
@pytest.mark.parametrize(("word", "told"), [("remove", True), ("0", True), ("upgrade", False), ("1", False), ("purge", False)])
def test_removing_the_package_says_what_stays(word, told):
    done = call("sh", PACKAGING / "linux" / "postremove.sh", word)
    assert done.returncode == 0
    assert (".config/cnnstudio" in done.stdout) is told
