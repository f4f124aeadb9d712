"""The first look at a source counts what a project of it would have."""

from __future__ import annotations

from cnnstudio.datasets.sample import write_digits
from cnnstudio.datasets.sources.glance import take_glance


def test_a_list_is_looked_at_by_its_rows_and_not_by_its_folder(tmp_path):
    whole = write_digits(tmp_path, 4)
    listed = [path for digit in "37" for path in sorted((whole / digit).glob("*.png"))]
    file = tmp_path / "list.csv"
    file.write_text("path,label\n" + "".join(f"{path.relative_to(tmp_path)},{path.parent.name}\n" for path in listed))
    glance = take_glance(file, 32)
    assert (glance.pictures, set(glance.classes)) == (8, {"3", "7"})
    assert take_glance(tmp_path, 32).pictures == 40
