"""`cnnstudio help`: what a user can choose, explained on the command line."""

from __future__ import annotations

import json

from cnnstudio import cli
from cnnstudio.cli.reference_pages import sections
from cnnstudio.core.text import set_language


def test_an_entry_is_explained_in_the_chosen_language(capsys):
    assert cli.main(["help", "adamw", "--language", "es"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("### AdamW\n")
    assert "| `weight_decay` | `0.004` | número de 0 a 1 |" in printed


def test_an_entry_as_json(capsys):
    assert cli.main(["help", "Lion", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["id"]) == ("optimizer", "lion")
    assert line["facts"]["PyTorch"] == "no: torch.optim has no Lion"
    assert line["parameters"][0]["name"] == "learning_rate"


def test_without_a_name_every_entry_is_named(capsys):
    set_language("en")
    assert cli.main(["help"]) == 0
    printed = capsys.readouterr().out
    for section in sections():
        assert f"{section.title}: {', '.join(section.registry.ids())}\n" in printed


def test_a_name_that_nothing_has_is_refused_with_similar_ones(capsys):
    assert cli.main(["help", "Konv2D"]) == 2
    assert "Nothing is called Konv2D. Similar names: " in capsys.readouterr().err
    assert cli.main(["help", "zzzzzz"]) == 2
    assert "`cnnstudio help` lists all names" in capsys.readouterr().err


def test_a_command_is_explained_by_its_own_help(capsys):
    assert cli.main(["help", "search"]) == 0
    assert "--vary KEY=VALUES" in capsys.readouterr().out
    assert cli.main(["help", "search", "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["id"]) == ("command", "search") and "--vary" in line["help"]
