"""The command that gives advice about a run."""

from __future__ import annotations

import json
from pathlib import Path

from cnnstudio import cli
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training


def test_a_run_without_its_list_of_pictures_is_one_error(project, capsys):
    opened, index = open_project(Path(project))
    run, _job = prepare_training(Path(project), opened, index)
    index.close()
    run.model_path.write_bytes(b"a model")
    run.manifest_path.unlink()
    assert cli.main(["coach", project, "--run", run.id, "--json"]) == 2
    printed = capsys.readouterr()
    (line,) = map(json.loads, printed.out.splitlines())
    assert line["problem"]["code"] == "damaged_manifest"
    assert printed.err.count("error: ") == 1
