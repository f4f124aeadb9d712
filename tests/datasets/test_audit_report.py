"""The report of an audit: names of all kinds, and what a long list leaves out."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser

import numpy as np

from cnnstudio.core.text import Text, set_language
from cnnstudio.datasets import findings as stored
from cnnstudio.datasets.audit.report import write_report
from cnnstudio.datasets.findings import Finding
from tests.datasets.audit_material import audited, paint, save

NAMES = ("señor niño.jpg", "naïve café é.jpg", "two\nlines.jpg", "😀 smile.jpg", "<b>&\"'.jpg", "a{0}b%s.jpg",
         "n" * 251 + ".jpg")


def test_names_of_all_kinds_go_through_the_audit_and_the_report(root, tmp_path):
    for number, name in enumerate(NAMES):
        folder = root / "train" / ("<i>" if number % 2 else "cat")
        save(folder / "x.jpg", (paint(200 + number) * 0.2).astype(np.uint8)).rename(folder / name)
        shutil.copy(folder / name, root / "test" / "dog" / name)
    index, result = audited(root, tmp_path)
    assert {item.path.split("/")[-1] for item in result["dark"]} == set(NAMES)
    assert len(result["leakage"]) == len(NAMES)
    target = tmp_path / "report" / "audit.html"
    write_report(target, index, root, stored.all_findings(index), name="<script>alert(1)</script>")
    page = target.read_text("utf-8")
    assert "<script>alert" not in page
    assert "<b>&" not in page
    assert "/<i>/" not in page
    assert "señor niño.jpg" in page
    assert "😀 smile.jpg" in page
    assert page.count("data:image/jpeg;base64,") >= 2 * len(NAMES)
    assert "http://" not in page
    assert "https://" not in page
    assert unbalanced(page) == []
    index.close()


def unbalanced(page: str) -> list[str]:
    """Tags that are opened and not closed, or the reverse."""
    waiting: list[str] = []
    wrong: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                waiting.append(tag)

        def handle_endtag(self, tag):
            if not waiting or waiting.pop() != tag:
                wrong.append(tag)

    Reader().feed(page)
    return wrong + waiting


def test_a_report_of_many_findings_lists_the_rest_by_name(root, tmp_path):
    index, _found = audited(root, tmp_path)
    many = [Finding(kind="dark", path="train/cat/000.jpg", picture=1, text=Text(f"Reason {number}.", "Motivo."))
            for number in range(1200)]
    write_report(tmp_path / "audit.html", index, root, many)
    page = (tmp_path / "audit.html").read_text("utf-8")
    assert page.count("<img") == 60
    assert page.count("Reason") == 1060
    assert "140 that are not listed" in page
    assert unbalanced(page) == []
    set_language("es")
    write_report(tmp_path / "audit.html", index, root, many)
    assert "y 140 sin enumerar" in (tmp_path / "audit.html").read_text("utf-8")
    index.close()
