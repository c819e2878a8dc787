"""Moves, halvings and folds: every number goes where its move says, and points stay apart."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.cells import clashes
from rote.constructions._gadgets.circuit import Circuit
from rote.constructions._gadgets.fold import fold, most_moves
from rote.constructions._gadgets.halving import halve
from rote.constructions._gadgets.moves import Move, move, move_layers
from rote.network.exact import evaluate_layers
from rote.typing import Array, DType, Integers


@st.composite
def some_moves(draw: st.DrawFn) -> list[Move]:
    """Moves that land below the first start."""
    starts = sorted(draw(st.sets(st.integers(5, 60), min_size=1, max_size=9)))
    ends = [*starts[1:], starts[-1] + 5]
    moves = []
    for start, end in zip(starts, ends, strict=True):
        length = min(end - start, starts[0])
        place = draw(st.integers(0, starts[0] - length))
        moves.append(Move(start, start - place, draw(st.integers(0, 2**20))))
    return moves


def moved(moves: list[Move], h: int) -> tuple[int, int]:
    """The slow twin: where a number goes, and its code (7 if no move takes it)."""
    k = bisect_right([each.start for each in moves], h) - 1
    return (h, 7) if k < 0 else (h - moves[k].amount, moves[k].code)


@pytest.mark.parametrize("dtype", ["exact", "float64", "float32"])
@pytest.mark.parametrize("coded", [False, True])
@given(moves=some_moves(), tests=st.integers(1, 4))
def test_every_number_goes_where_its_move_says(
    dtype: DType, coded: bool, moves: list[Move], tests: int
) -> None:
    circuit = Circuit(sources=1)
    h, code = move(circuit, 1, {0: 1}, moves, tests, 7 if coded else None)
    circuit.output(h)
    circuit.output(code)
    layers = circuit.layers(dtype)
    assert len(layers) - 1 == move_layers(len(moves), tests)
    assert max(layer.outputs for layer in layers[:-1]) <= 1 + tests + coded
    # Numbers that a move would take below 0 or beyond the first start are not meant.
    numbers = [h for h in range(70) if 0 <= moved(moves, h)[0] < moves[0].start]
    points = np.array(numbers, np.int64)[:, None]
    values: Array = points if dtype == "exact" else points.astype(dtype)
    if dtype == "exact":
        values = evaluate_layers(layers, points)
    else:
        for layer in layers:
            values = layer(values)
    wanted = [moved(moves, h) for h in numbers]
    assert values.tolist() == [[h, code if coded else 0] for h, code in wanted]


def apart(low: Array, _: Array) -> bool:
    """Two keys are equal."""
    return len(set(low.tolist())) < len(low)


@pytest.mark.parametrize("bits", [20, 50, 200])
@given(n=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_halving_ends_below_the_square_of_the_number_of_keys(bits: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys: Array = np.empty(n, object)
    keys[:] = [int.from_bytes(rng.bytes(25)) % (1 << bits) for _ in range(n)]
    if apart(keys, keys):
        return
    halved = halve(keys, keys, apart, rng)
    assert not apart(halved.low, halved.high)
    assert halved.low.max() < max(2, n**2)
    assert halved.low.dtype == np.int64
    ends = keys.tolist()
    for pair in halved.moves:
        ends = [moved(list(pair), key)[0] for key in ends]
    assert ends == halved.low.tolist()
    for pair in halved.moves:
        assert len(pair) <= 2
        assert pair[0].amount >= 0


@given(n=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_keys_that_are_intervals_are_never_torn(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = np.cumsum(rng.integers(4, 2000, n))
    high = low + rng.integers(0, 3, n)

    def close(low: Array, high: Array) -> bool:
        order = np.argsort(low)
        return bool((low[order][1:] <= high[order][:-1]).any())

    halved = halve(low, high, close, rng, least=4 * n)
    assert (halved.high - halved.low == high - low).all()
    assert not close(halved.low, halved.high)
    for pair in halved.moves:
        for start in (each.start for each in pair):
            assert not ((low < start) & (start <= high)).any()
        both = [np.array([moved(list(pair), h)[0] for h in side.tolist()]) for side in (low, high)]
        low, high = both


def cells_of(seed: int, n: int, range_: int) -> tuple[Integers, Integers]:
    rng = np.random.default_rng(seed)
    cell = rng.choice(range_, n, replace=False)
    return cell, rng.integers(0, 3, n)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 150), wide=st.booleans())
def test_a_fold_keeps_labels_apart(seed: int, n: int, wide: bool) -> None:
    range_ = n**2 + 200
    cell, level = cells_of(seed, n, range_)
    size = 4 * n if wide else n + 1
    after, moves = fold(cell, level, size, np.random.default_rng(seed))
    assert after.max() < size
    assert not clashes(after, level)
    assert [moved(moves, h)[0] for h in cell.tolist()] == after.tolist()
    starts = [each.start for each in moves]
    assert starts == sorted(set(starts))
    if wide:
        assert len(moves) <= most_moves(n, range_, size)


def test_nothing_to_fold() -> None:
    cell = np.array([3, 0, 9])
    after, moves = fold(cell, np.array([0, 1, 2]), 10, np.random.default_rng(0))
    assert after.tolist() == [3, 0, 9]
    assert moves == []
    assert most_moves(3, 10, 10) == 0
