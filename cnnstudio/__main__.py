"""Entry of the program: the window or the command line. Small, because spawned children import it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys

from cnnstudio import COMMANDS


def is_for_terminal(argument: str) -> bool:
    """Whether the first argument is for the command line. A name of nothing in this folder is a mistyped command:
    opening a window would hide that, or block a script."""
    return argument in COMMANDS or (argument.startswith("-") and argument != "--sample") or (
        os.path.basename(argument) == argument != "" and argument != "--sample" and not os.path.exists(argument))


def main() -> int:
    """A command (or an option) goes to the command line; a project or nothing opens the window."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments and is_for_terminal(arguments[0]):
        from cnnstudio import cli

        code = cli.main(arguments)
        # The process ends now, so collecting garbage would only delay the exit.
        gc.freeze()
        return code
    from cnnstudio import app

    return app.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
