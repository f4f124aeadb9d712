"""The pipeline bench without TensorFlow: problems, moments, endless pipelines, and plain values."""

from __future__ import annotations

from collections import Counter

import pytest

from cnnstudio.learning.benches.pipeline.cards import CARDS
from cnnstudio.learning.benches.pipeline.moments import state_at
from cnnstudio.learning.benches.pipeline.pipeline import (
    SHOWN,
    START,
    Card,
    call_texts,
    is_endless,
    program,
    settings_of,
    simulate,
    to_cards,
)
from cnnstudio.learning.benches.pipeline.presets import PRESETS


def test_every_preset_flows_and_is_read_back() -> None:
    for preset in PRESETS:
        outcome = simulate(preset.cards)
        assert outcome.problem is None and outcome.elements, preset.id
        assert simulate(to_cards(settings_of(preset.cards))) == outcome
        compile(program(preset.cards), preset.id, "exec")


@pytest.mark.parametrize(("kinds", "place", "words"), [
    (("range", "batch", "filter"), 2, "before batch"),
    (("range", "batch", "batch"), 2, "drop_remainder"),
    (("range", "zip", "zip"), 2, "pairs"),
    (("range", "zip", "concatenate"), 2, "before zip")])
def test_a_problem_names_its_card_and_what_to_do(kinds, place, words) -> None:
    outcome = simulate([Card(kind=kind) for kind in kinds])
    assert outcome.card == place and words in outcome.problem.en


def test_a_pipeline_without_an_end_is_cut_and_one_without_an_element_is_stopped() -> None:
    endless = (Card(kind="range"), Card(kind="repeat", values={"count": None}))
    assert is_endless(endless) and not is_endless((*endless, Card(kind="take")))
    outcome = simulate(endless)
    assert outcome.endless and len(outcome.elements) == SHOWN and outcome.problem is None
    assert f".take({SHOWN})" in program(endless)
    nothing = (Card(kind="range", values={"stop": 3}), Card(kind="repeat", values={"count": None}), Card(
        kind="filter", values={"predicate": "x > 4"}))
    assert simulate(nothing).problem is not None and not simulate(nothing).elements


def test_the_moments_tell_where_every_element_is() -> None:
    """Nothing appears or is lost: what entered a card left it, was dropped, or is still held."""
    for preset in PRESETS:
        outcome, count = simulate(preset.cards), len(preset.cards)
        out = 0
        for position in range(len(outcome.moments) + 1):
            state = state_at(outcome.moments, position, count)
            assert state.out >= out
            out = state.out
        assert out == len(outcome.elements)
        for place, card in enumerate(preset.cards):
            if CARDS[card.kind].source or card.kind in ("batch", "map", "zip", "concatenate"):
                continue
            moments = Counter(moment.action for moment in outcome.moments if moment.card == place)
            held = len(state_at(outcome.moments, len(outcome.moments), count).held[place])
            assert moments["enter"] == moments["leave"] + moments["drop"] + held, (preset.id, card.kind)


def test_a_shuffle_buffer_never_holds_more_than_its_size() -> None:
    outcome = simulate((Card(kind="range", values={"stop": 30}), Card(kind="shuffle", values={"buffer_size": 5})))
    held = [len(moment.held) for moment in outcome.moments if moment.card == 1]
    assert max(held) == 5


def test_impossible_cards_are_left_out() -> None:
    cards = to_cards([{"kind": "map", "values": {"function": "__import__('os')"}}, {"kind": "nobody"},
                      {"kind": "batch", "values": {"batch_size": 0}}])
    assert cards == (Card(kind="range"), Card(kind="map"), Card(kind="batch"))
    assert to_cards("cards") == START
    assert call_texts(cards) == ("range(10)", "map(lambda x: x * 2)", "batch(4)")
