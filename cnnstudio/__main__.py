"""Entry of the program: the window, or the command line. Tiny, because spawned children import it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys

from cnnstudio import COMMANDS


def is_for_terminal(argument: str) -> bool:
    """Whether the first word is for the command line. A bare word that names nothing here is a mistyped command:
    a window would hide that from whoever typed it, or keep a script waiting."""
    return argument in COMMANDS or (argument.startswith("-") and argument != "--sample") or (
        os.path.basename(argument) == argument != "" and argument != "--sample" and not os.path.exists(argument))


def main() -> int:
    """A command (or an option) goes to the command line; a project or nothing opens the window."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments and is_for_terminal(arguments[0]):
        from cnnstudio import cli

        code = cli.main(arguments)
        # All memory goes back in a moment: looking through it for garbage first would only be waited for.
        gc.freeze()
        return code
    from cnnstudio import app

    return app.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
