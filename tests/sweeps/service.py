"""The service against what its description allows and forbids: `python -m tests.sweeps.service [EXAMPLES [ADDRESS]]`.

Schemathesis draws requests from the OpenAPI description, valid and not, and compares every answer with it: its status, type
and shape, and that no request is an error of the server. One of its checks is left out: that a valid request is accepted,
because no description says which bytes are a picture.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.workers.service.running import running


def sweep_service(url: str, examples: int, *options: str) -> tuple[bool, str]:
    """Whether every answer of the service at `url` was as described, and what Schemathesis printed."""
    program = Path(sys.executable).with_name("schemathesis")
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [str(program), "run", f"{url}docs/openapi.json", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
             "--max-examples", str(examples), "--continue-on-failure", "--no-color", "--request-timeout", "30", *options],
            cwd=place, capture_output=True, text=True, check=False, env=os.environ | {"NO_COLOR": "1"})
    return done.returncode == 0, done.stdout + done.stderr


def main(arguments: list[str]) -> int:
    """Sweep the service at an address, or one with a scripted child."""
    examples = int(arguments[0]) if arguments else 2000
    if arguments[1:]:
        good, printed = sweep_service(arguments[1], examples)
    else:
        with running("sees_no_picture") as watched:
            good, printed = sweep_service(watched.service.state.url, examples)
    print(printed)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
