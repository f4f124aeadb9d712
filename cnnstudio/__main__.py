"""Entry of the program: the window, or the command line. Tiny, because spawned children import it."""

from __future__ import annotations

import gc
import multiprocessing
import sys

from cnnstudio import COMMANDS


def main() -> int:
    """A command (or an option) goes to the command line; a project or nothing opens the window."""
    multiprocessing.freeze_support()
    arguments = sys.argv[1:]
    if arguments and (arguments[0] in COMMANDS or (arguments[0].startswith("-") and arguments[0] != "--sample")):
        from cnnstudio import cli

        code = cli.main(arguments)
        # All memory goes back in a moment: looking through it for garbage first would only be waited for.
        gc.freeze()
        return code
    from cnnstudio import app

    return app.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
