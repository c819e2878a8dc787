"""Which promised networks are special cases of an architecture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.atlas.embed import fits_inside
from rote.bounds import Architecture
from rote.network import Size
from rote.network.activation import RELU, TANH, THRESHOLD

CASES = [
    ((3, 4), (5, 3, 4, 1), RELU, 1, True),
    ((3, 4), (5, 3, 3, 1), RELU, 1, False),
    ((3, 4), (5, 4, 3, 1), RELU, 1, False),
    # Behind the last layer the outputs go on; a threshold hands on its units, or one decision.
    ((3, 4), (5, 3, 4, 2, 1), RELU, 2, True),
    ((3, 4), (5, 3, 4, 1, 1), RELU, 2, False),
    ((3, 4), (5, 3, 4, 1, 1), THRESHOLD, 1, False),
    ((3, 4), (5, 3, 4, 2, 1), THRESHOLD, 2, False),
    ((3, 4), (5, 3, 4, 4, 1), THRESHOLD, 2, True),
    # Before the first, the inputs; a threshold cannot.
    ((9,), (2, 2, 9, 1), RELU, 1, True),
    ((9,), (3, 2, 9, 1), RELU, 1, False),
    ((9,), (2, 2, 9, 1), THRESHOLD, 1, False),
    # Between, the units before.
    ((3, 8), (5, 3, 4, 8, 1), TANH, 1, True),
    ((3, 8), (5, 3, 2, 8, 1), TANH, 1, False),
    ((), (5, 1, 1), RELU, 1, True),
    ((), (5, 1, 1), RELU, 2, False),
]


@pytest.mark.parametrize(("needed", "widths", "activation", "read", "expected"), CASES)
def test_by_hand(needed, widths, activation, read, expected) -> None:  # type: ignore[no-untyped-def]
    size = Size(depth=len(needed), widths=needed)
    assert fits_inside(size, Architecture(widths, activation), read) is expected


def test_a_threshold_hands_on_a_decision() -> None:
    size, network = Size(depth=2, widths=(3, 4)), Architecture((5, 3, 4, 1, 1), THRESHOLD)
    assert fits_inside(size, network, 1, binary=True)


def test_a_silent_promise_fits_nowhere() -> None:
    network = Architecture((2, 1000, 1000, 1))
    assert not fits_inside(Size(), network, 1)
    assert not fits_inside(Size(depth=2), network, 1)
    assert fits_inside(Size(depth=1, neurons=9), network, 1)


WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@given(
    needed=WIDTHS,
    room=WIDTHS,
    activation=st.sampled_from([RELU, THRESHOLD, TANH]),
    read=st.integers(1, 4),
    data=st.data(),
)
def test_more_room_never_hurts(needed, room, activation, read, data) -> None:  # type: ignore[no-untyped-def]
    size = Size(depth=len(needed), widths=tuple(needed))
    if fits_inside(size, Architecture((3, *room, 1), activation), read):
        wider = [w + data.draw(st.integers(0, 3)) for w in room]
        assert fits_inside(size, Architecture((3, *wider, 1), activation), read)
        deeper = (*wider, max(wider[-1], read, needed[-1]))
        assert fits_inside(size, Architecture((3, *deeper, 1), activation), read)
