"""The pipeline bench against tf.data: the same elements, the same errors, and what shuffle guarantees."""

from __future__ import annotations

import random
from functools import partial
from io import StringIO

import pytest
import tensorflow as tf

from cnnstudio.learning.benches.pipeline.cards import CARDS
from cnnstudio.learning.benches.pipeline.pipeline import Card, program, simulate

COUNT = 200
ORDERED = tuple(card.id for card in CARDS if not card.source and not card.random(card.values({})))


def random_cards(drawn: random.Random) -> tuple[Card, ...]:
    source = drawn.choice([Card(kind="range", values={"stop": drawn.randint(0, 14)}),
                           Card(kind="from_tensor_slices", values={"tensors": tuple(drawn.choices(range(-9, 30), k=7))})])
    return (source, *(random_card(drawn.choice(ORDERED), drawn) for _ in range(drawn.randint(1, 6))))


def random_card(kind: str, drawn: random.Random) -> Card:
    values = {}
    for param in CARDS[kind].params:
        if hasattr(param, "options"):
            values[param.name] = drawn.choice(param.options).value
        elif isinstance(param.default, bool):
            values[param.name] = drawn.random() < 0.5
        elif getattr(param, "optional", False) and drawn.random() < 0.2:
            values[param.name] = None
        else:
            values[param.name] = drawn.randint(param.minimum, min(param.maximum, 6))
    return Card(kind=kind, values=values)


def run(cards) -> tuple[tuple[str, ...], bool]:
    """What the printed program prints, and whether it ends with an error."""
    printed = StringIO()
    try:
        exec(program(cards), {"print": partial(print, file=printed)})
    except (ValueError, TypeError, tf.errors.InvalidArgumentError):
        return tuple(printed.getvalue().splitlines()), True
    return tuple(printed.getvalue().splitlines()), False


def test_the_elements_are_those_of_tf_data() -> None:
    drawn = random.Random(7)
    failing = reached = 0
    while reached < COUNT:
        cards = random_cards(drawn)
        if sum(card.type.pairs for card in cards) > 1:
            continue  # the bench pairs once
        outcome = simulate(cards)
        if outcome.endless and outcome.problem is not None:
            continue  # tf.data would never end
        reached += 1
        elements, failed = run(cards)
        assert (outcome.elements, outcome.problem is not None) == (elements, failed), program(cards)
        failing += failed
    assert 5 < failing < COUNT / 2


@pytest.mark.parametrize("buffer", [1, 2, 3, 5, 8, 20, 40])
def test_shuffle_keeps_an_element_within_its_window(buffer) -> None:
    """Of tf.data and of the bench: nothing is lost, and nothing leaves before it can be in the buffer."""
    for seed in range(5):
        cards = (Card(kind="range", values={"stop": 20}), Card(kind="shuffle", values={"buffer_size": buffer, "seed": seed}))
        for elements in (run(cards)[0], simulate(cards).elements):
            order = [int(element) for element in elements]
            assert sorted(order) == list(range(20))
            assert all(number <= place + buffer - 1 for place, number in enumerate(order))
            assert (order == list(range(20))) == (buffer == 1)


@pytest.mark.parametrize("reshuffle", [True, False])
def test_every_epoch_has_an_order_of_its_own_unless_it_is_kept(reshuffle) -> None:
    cards = (Card(kind="range", values={"stop": 12}),
             Card(kind="shuffle", values={"buffer_size": 12, "reshuffle_each_iteration": reshuffle}),
             Card(kind="repeat", values={"count": 2}))
    for elements in (run(cards)[0], simulate(cards).elements):
        assert (elements[:12] == elements[12:]) is not reshuffle
