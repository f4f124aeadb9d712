"""Run as a program: one session of a search with played children, a line of JSON for every trial that is over.

`python -m tests.workers.search.session FOLDER` with the folder of the search.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cnnstudio.cli.search_texts import trial_row
from cnnstudio.workers.search.driver import SearchDriver
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.search_events import SearchEnded, SearchEvent, TrialBegan, TrialEnded

TARGET = "tests.workers.search.children:trains"


def main(folder: Path) -> None:
    """Search to the end."""
    search = SearchFolder(folder)
    spec = search.spec()

    def hear(event: SearchEvent) -> None:
        if isinstance(event, TrialEnded):
            print(json.dumps(trial_row(event.trial, spec)), flush=True)
        elif isinstance(event, TrialBegan):
            print(json.dumps({"event": "began", "trial": event.number + 1}), flush=True)
        elif isinstance(event, SearchEnded):
            print(json.dumps({"event": "finished", "reason": event.ending}), flush=True)

    SearchDriver(search, hear, target=TARGET).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
