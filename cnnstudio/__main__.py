"""Entry of the program: the window or the command line. Small, because spawned children import it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from typing import Any

from cnnstudio import COMMANDS

WINDOW_OPTIONS = ("--sample", "--check-window")
"""Options that open the window."""


def is_for_terminal(argument: str) -> bool:
    """Whether the first argument is for the command line. A name of nothing in this folder is a mistyped command:
    opening a window would hide that, or block a script."""
    if argument in WINDOW_OPTIONS:
        return False
    return argument in COMMANDS or argument.startswith("-") or (
        os.path.basename(argument) == argument != "" and not os.path.exists(argument))


def lesson_to_open(arguments: list[str]) -> str | None:
    """The lesson that `learn LESSON` opens in the window; None where something else is asked for, such as a list."""
    rest = arguments[1:]
    is_plain = arguments[:1] == ["learn"] and len(rest) <= 1 and not any(item.startswith("-") for item in rest)
    return "".join(rest) if is_plain else None


def set_up_frozen() -> None:
    """In a frozen program: children are started from the worker beside it, which holds no Qt, and other programs
    (a browser, a file manager) do not get our libraries."""
    if not getattr(sys, "frozen", False):
        return
    from cnnstudio.core.own_process import worker_program

    worker = worker_program()
    if worker.is_file():
        multiprocessing.set_executable(str(worker))
    # The programs that we start from here set up themselves, also when they are our own.
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    original = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if original is not None:
        os.environ["LD_LIBRARY_PATH"] = original
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)


def keep_modules() -> None:
    """In a frozen program on Linux: read modules that are imported later from the file that was started, also when an upgrade
    has put another one in its place. PyInstaller opens its archive by name for every import, and ends the program where
    the file is gone."""
    archive: Any = getattr(sys.modules.get("pyimod02_importers"), "pyz_archive", None)
    if sys.platform != "linux" or not os.path.isfile(getattr(archive, "_filename", "")):
        return
    # Stays open as long as the process, and is not inherited.
    archive._filename = f"/proc/self/fd/{os.open(archive._filename, os.O_RDONLY)}"


def main_window() -> int:
    """Open the window whatever the arguments are: for menus, where nobody reads what a command prints."""
    set_up_frozen()
    multiprocessing.freeze_support()
    return open_window(sys.argv[1:])


def open_window(arguments: list[str]) -> int:
    """The window; where a library of the system that Qt needs is missing, a message that names it."""
    keep_modules()
    try:
        from cnnstudio import app
    except ImportError as import_error:
        # A frozen program names the module by its last word, or not at all: the reason says what it is about.
        if ".so" not in str(import_error) and not (import_error.name or "PySide6").startswith("PySide6"):
            raise
        return report_no_window(import_error)
    reason = missing_library()
    return report_no_window(reason) if reason else app.run(arguments)


def report_no_window(reason: object) -> int:
    """Say why the window cannot be opened, and what brings it; returns the exit code."""
    from cnnstudio.core.text import set_language, system_language, tr

    set_language(system_language())
    sys.stderr.write(tr(
        "The window cannot be opened: {reason}.\nOn Debian and Ubuntu this brings what Qt needs: sudo apt install libegl1 "
        "libgl1 libfontconfig1 libdbus-1-3 libx11-xcb1 libxkbcommon-x11-0 libxcb-cursor0\n",
        "No se puede abrir la ventana: {reason}.\nEn Debian y Ubuntu esto instala lo que necesita Qt: sudo apt install "
        "libegl1 libgl1 libfontconfig1 libdbus-1-3 libx11-xcb1 libxkbcommon-x11-0 libxcb-cursor0\n", reason=reason))
    return 1


def missing_library() -> str:
    """The library of the system that the plug-in for X11 lacks, where that is what Qt will show the window with: Qt aborts
    without it. "" where nothing is known to be missing."""
    if sys.platform != "linux" or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return ""
    import ctypes

    import PySide6

    plugin = os.path.join(os.path.dirname(PySide6.__file__ or ""), "Qt", "plugins", "platforms", "libqxcb.so")
    try:
        if os.path.isfile(plugin):
            ctypes.CDLL(plugin)
    except OSError as os_error:
        # A frozen program wraps the reason of the system in one of its own.
        reason: BaseException = os_error
        while (inner := reason.__cause__ or reason.__context__) is not None:
            reason = inner
        return str(reason)
    return ""


def run_module(arguments: list[str]) -> int:
    """What `python -m` does, which a frozen program has no interpreter for; with the libraries that the user added."""
    import runpy

    from cnnstudio.core.library_path import use_added_libraries

    use_added_libraries()
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    return 0


def main() -> int:
    """A command (or an option) goes to the command line; a project or nothing opens the window."""
    set_up_frozen()
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments[:1] == ["--run-module"]:
        return run_module(arguments[1:])
    lesson = lesson_to_open(arguments)
    if lesson is not None:
        return open_window([f"--learn={lesson}"])
    if arguments and is_for_terminal(arguments[0]):
        from cnnstudio import cli

        code = cli.main(arguments)
        # The process ends now, so collecting garbage would only delay the exit.
        gc.freeze()
        return code
    return open_window(arguments)


if __name__ == "__main__":
    sys.exit(main())
