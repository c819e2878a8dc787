"""Zigzags, followed in rational arithmetic from group to group."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.slots import Slots, deal
from rote.constructions._gadgets.zigzag import Plan, plan, signs, trace
from rote.typing import Floats

REACHED = Fraction(1, 10**6)
"""Rates are floats, so wanted values are met up to their rounding times slopes below 10^6."""


def fitted(seed: int, m: int, p: int, k: int, spare: int) -> tuple[Slots, Floats, Plan, Floats]:
    """A plan for random points and values, and its rates on a grid of 2^-30 of the steepest."""
    rng = np.random.default_rng(seed)
    slots = deal(
        np.sort(rng.choice(1 << 16, m, replace=False)).astype(float), p, -(-m // p) + spare
    )
    target = rng.uniform(-1, 1, (p, k, slots.at.shape[1]))
    made = plan(slots, target, by_need=bool(rng.integers(2)))
    grid = np.exp2(np.ceil(np.log2(made.steepest + 1)) - 40)
    y = slots.at - slots.knots[:-1, None]
    rate = trace(made.start, made.unit, y, np.diff(slots.knots), target, grid)
    assert np.array_equal(rate / grid, np.rint(rate / grid))
    return slots, target, made, rate


cases = {
    "seed": st.integers(0, 2**32 - 1),
    "m": st.integers(1, 40),
    "p": st.integers(1, 7),
    "k": st.integers(1, 2),
    "spare": st.integers(0, 2),
}


@given(**cases)
def test_own_points_get_their_value_and_all_others_saturate(
    seed: int, m: int, p: int, k: int, spare: int
) -> None:
    slots, target, made, rate = fitted(seed, m, p, k, spare)
    q = target.shape[2]
    for i in range(k):
        value = [Fraction(v) for v in made.start[i].tolist()]
        for j in range(p):
            rising = 1 if j % 2 == 0 else -1
            begin, end = (Fraction(v) for v in slots.knots[j : j + 2].tolist())
            for slot in range(q):
                unit = int(made.unit[j, slot])
                slope = rising * Fraction(float(rate[j, i, unit]))
                at = [value[unit] + slope * (Fraction(x) - begin) for x in slots.at[j].tolist()]
                if slots.point[j, slot] >= 0:
                    assert abs(at[slot] - Fraction(float(target[j, i, slot]))) < REACHED
                for other in range(q):
                    if slots.point[j, other] >= 0 and other != slot:
                        ahead = slots.at[j, other] > slots.at[j, slot]
                        assert (at[other] if ahead == (rising == 1) else -at[other]) > 1
            for unit in range(q):
                value[unit] += rising * Fraction(float(rate[j, i, unit])) * (end - begin)


@given(**cases)
def test_units_keep_their_sign_and_take_every_slot_once(
    seed: int, m: int, p: int, k: int, spare: int
) -> None:
    slots, target, made, rate = fitted(seed, m, p, k, spare)
    q = target.shape[2]
    assert (np.sort(made.unit, axis=1) == np.arange(q)).all()
    assert (made.unit % 2 == np.arange(q) % 2).all()
    if q > 1:
        half = np.einsum("j,jkq->kq", np.diff(slots.knots) / 2, rate)
        np.testing.assert_allclose(made.rise, half, rtol=1e-3)  # the grid moves rates a little


def test_equal_spacing_needs_no_exchange_and_equal_rates() -> None:
    slots = deal(np.arange(36.0), 6, 6)
    made = plan(slots, np.zeros((6, 1, 6)))
    assert (made.unit == np.arange(6)).all()
    # Slope 2 + 1/4 between neighbours at distance 1 gives 1 + 1/8 there and back.
    np.testing.assert_allclose(made.steepest, 1.125, rtol=1e-12)


def test_the_papers_recursion_gives_the_same_weights() -> None:
    """w_{j+1} = [tau_j - tau_{j+1} + w_j (s_j - beta_j)] / (s_j - beta_{j+1}), units in place."""
    rng = np.random.default_rng(5)
    c = np.sort(rng.uniform(0, 1, 12))
    slots = deal(c, 4, 3)
    target = rng.uniform(-1, 1, (4, 1, 3))
    s = signs(4)
    width = np.diff(slots.knots)
    beta = s[:, None] * (2 * slots.at - slots.knots[:-1, None] - slots.knots[1:, None])
    beta /= width[:, None]
    w = np.empty((4, 3))
    w[0] = 7.0
    for j in range(3):
        change = target[j, 0] - target[j + 1, 0] + w[j] * (s[j] - beta[j])
        w[j + 1] = change / (s[j] - beta[j + 1])
    y = 1 + s[:, None] * beta  # hard-tanh units: the group is 2 wide
    rate = trace(
        target[0] - w[0] * y[0],
        np.tile(np.arange(3), (4, 1)),
        y,
        np.full(4, 2.0),
        target,
        np.full((1, 3), 2.0**-60),
    )
    np.testing.assert_allclose(rate[:, 0], w, rtol=1e-12)


def test_exchanging_slots_keeps_weights_small() -> None:
    """The paper's fixed slots let weights drift; here by more than 10."""
    c = np.sort(np.random.default_rng(0).standard_normal(4096))
    slots = deal(c, 64, 64)
    y, width = slots.at - slots.knots[:-1, None], np.diff(slots.knots)
    nu = np.cumprod(np.vstack([y[:1], width[:-1, None] / y[:-1] - 1]), axis=0) / y
    need = 2 / np.minimum(slots.left, slots.right)
    fixed = (nu * (need / nu).max(axis=0) * width[:, None] / 2).sum(axis=0).max()
    assert plan(slots, np.zeros((64, 1, 64))).rise.max() < fixed / 10


def test_units_turn_clearly_beyond_their_wanted_values() -> None:
    """Or rounding could leave a unit on the wrong side of a knot that is close to its point."""
    rng = np.random.default_rng(1)
    for m in (7, 30, 200):
        c = np.cumsum(np.exp(4 * rng.standard_normal(m)))  # spacings over many powers of ten
        slots = deal(c, 6, -(-m // 6))
        target = rng.uniform(-1, 1, (6, 1, slots.at.shape[1]))
        made = plan(slots, target)
        y, width = slots.at - slots.knots[:-1, None], np.diff(slots.knots)
        rate = trace(made.start, made.unit, y, width, target, np.full((1, target.shape[2]), 1e-30))
        own = np.take_along_axis(rate[:, 0], made.unit, axis=1)
        nearest = np.minimum(y, width[:, None] - y)
        assert (own * nearest > 0.06).all()
