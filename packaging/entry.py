"""What the frozen programs run: one file for all of them, so that a child finds the main module of its parent."""

import os
import sys

from cnnstudio import __main__ as program

if __name__ == "__main__":
    # By the name that it was called by: on Linux cnnstudio-gui is a link.
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    sys.exit(program.main_window() if name == "cnnstudio-gui" else program.main())
