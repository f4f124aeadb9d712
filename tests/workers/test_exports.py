"""The list of a run's exports."""

from __future__ import annotations

from cnnstudio.core.export_jobs import Exported
from cnnstudio.workers.runs.exports import EXPORTS, add_export, count_damaged, list_exports
from cnnstudio.workers.runs.folder import RunFolder


def test_an_export_after_a_line_that_a_crash_cut_short_is_listed(tmp_path):
    run, path = RunFolder(tmp_path), tmp_path / "m.onnx"
    path.write_bytes(b"a model")
    (tmp_path / EXPORTS).write_bytes(b'{"path":"/else')
    add_export(run, Exported(path=str(path), format="onnx", check=None))
    add_export(run, Exported(path=str(path), format="keras", check=None))
    assert [record.format for record in list_exports([run])] == ["keras"]
    assert count_damaged([run]) == 1
    assert len((tmp_path / EXPORTS).read_bytes().splitlines()) == 3
