"""Zigzags, followed in rational arithmetic from group to group."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets import slots as slots_module
from rote.constructions._gadgets.slots import Groups, Slots, deal
from rote.constructions._gadgets.zigzag import Plan, Trace, plan, signs, wanted
from rote.typing import Floats

REACHED = Fraction(1, 10**6)
"""Rates are floats, so wanted values are met up to their rounding times slopes below 10^6."""


def padded(tau: Floats) -> Floats:
    """Wanted values, and that of phantoms."""
    return np.concatenate([tau, np.zeros((1, tau.shape[1]))])


def everything(slots: Slots) -> Groups:
    """All groups at once."""
    return slots.groups(0, slots.p)


def fitted(
    seed: int, m: int, p: int, k: int, spare: int
) -> tuple[Slots, Groups, Floats, Plan, Floats]:
    """A plan for random points and values, and its rates on a grid of 2^-30 of the steepest."""
    rng = np.random.default_rng(seed)
    slots = deal(
        np.sort(rng.choice(1 << 16, m, replace=False)).astype(float), p, -(-m // p) + spare
    )
    tau = padded(rng.uniform(-1, 1, (m, k)))
    made = plan(slots, tau, by_need=bool(rng.integers(2)))
    grid = np.exp2(np.ceil(np.log2(made.steepest + 1)) - 40)
    groups = everything(slots)
    target = wanted(tau, groups.point)
    rate = Trace(made.start, grid).rates(made.slot, groups.y, groups.width, target)
    assert np.array_equal(rate / grid, np.rint(rate / grid))
    return slots, groups, target, made, rate


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
    slots, groups, target, made, rate = fitted(seed, m, p, k, spare)
    q = target.shape[2]
    for i in range(k):
        value = [Fraction(v) for v in made.start[i].tolist()]
        for j in range(p):
            rising = 1 if j % 2 == 0 else -1
            begin, end = (Fraction(v) for v in slots.knots[j : j + 2].tolist())
            for unit in range(q):
                slot = int(made.slot[j, unit])
                slope = rising * Fraction(float(rate[j, i, unit]))
                at = [value[unit] + slope * (Fraction(x) - begin) for x in groups.at[j].tolist()]
                if groups.point[j, slot] >= 0:
                    assert abs(at[slot] - Fraction(float(target[j, i, slot]))) < REACHED
                for other in range(q):
                    if groups.point[j, other] >= 0 and other != slot:
                        ahead = groups.at[j, other] > groups.at[j, slot]
                        assert (at[other] if ahead == (rising == 1) else -at[other]) > 1
            for unit in range(q):
                value[unit] += rising * Fraction(float(rate[j, i, unit])) * (end - begin)


@given(**cases)
def test_units_keep_their_sign_and_take_every_slot_once(
    seed: int, m: int, p: int, k: int, spare: int
) -> None:
    slots, _, _, made, rate = fitted(seed, m, p, k, spare)
    q = slots.q
    assert (np.sort(made.slot, axis=1) == np.arange(q)).all()
    assert (made.slot % 2 == np.arange(q) % 2).all()
    if q > 1:
        half = np.einsum("j,jkq->kq", np.diff(slots.knots) / 2, rate)
        np.testing.assert_allclose(made.rise, half, rtol=1e-3)  # the grid moves rates a little


def test_equal_spacing_needs_no_exchange_and_equal_rates() -> None:
    slots = deal(np.arange(36.0), 6, 6)
    made = plan(slots, np.zeros((37, 1)))
    assert (made.slot == np.arange(6)).all()
    # Slope 2 + 1/4 between neighbours at distance 1 gives 1 + 1/8 there and back.
    np.testing.assert_allclose(made.steepest, 1.125, rtol=1e-12)


def test_the_papers_recursion_gives_the_same_weights() -> None:
    """w_{j+1} = [tau_j - tau_{j+1} + w_j (s_j - beta_j)] / (s_j - beta_{j+1}), units in place."""
    rng = np.random.default_rng(5)
    c = np.sort(rng.uniform(0, 1, 12))
    slots = deal(c, 4, 3)
    groups = everything(slots)
    target = rng.uniform(-1, 1, (4, 1, 3))
    s = signs(4)
    beta = s[:, None] * (2 * groups.y / groups.width[:, None] - 1)
    w = np.empty((4, 3))
    w[0] = 7.0
    for j in range(3):
        change = target[j, 0] - target[j + 1, 0] + w[j] * (s[j] - beta[j])
        w[j + 1] = change / (s[j] - beta[j + 1])
    y = 1 + s[:, None] * beta  # hard-tanh units: the group is 2 wide
    trace = Trace(target[0] - w[0] * y[0], np.full((1, 3), 2.0**-60))
    slot = np.tile(np.arange(3), (4, 1))
    parts = slice(0, 1), slice(1, 4)  # it goes on where it was
    rate = np.concatenate(
        [trace.rates(slot[i], y[i], np.full(4, 2.0)[i], target[i]) for i in parts]
    )
    np.testing.assert_allclose(rate[:, 0], w, rtol=1e-12)


def test_exchanging_slots_keeps_weights_small() -> None:
    """The paper's fixed slots let weights drift; here by more than 10."""
    c = np.sort(np.random.default_rng(0).standard_normal(4096))
    slots = deal(c, 64, 64)
    groups = everything(slots)
    y, width = groups.y, groups.width
    nu = np.cumprod(np.vstack([y[:1], width[:-1, None] / y[:-1] - 1]), axis=0) / y
    need = 2 / np.minimum(groups.left, groups.right)
    fixed = (nu * (need / nu).max(axis=0) * width[:, None] / 2).sum(axis=0).max()
    assert plan(slots, np.zeros((4097, 1))).rise.max() < fixed / 10


def test_units_turn_clearly_beyond_their_wanted_values() -> None:
    """Or rounding could leave a unit on the wrong side of a knot that is close to its point."""
    rng = np.random.default_rng(1)
    for m in (7, 30, 200):
        c = np.cumsum(np.exp(4 * rng.standard_normal(m)))  # spacings over many powers of ten
        slots = deal(c, 6, -(-m // 6))
        tau = padded(rng.uniform(-1, 1, (m, 1)))
        made, groups = plan(slots, tau), everything(slots)
        y, width = groups.y, groups.width
        trace = Trace(made.start, np.full((1, slots.q), 1e-30))
        rate = trace.rates(made.slot, y, width, wanted(tau, groups.point))
        nearest = np.take_along_axis(np.minimum(y, width[:, None] - y), made.slot, axis=1)
        assert (rate[:, 0] * nearest > 0.06).all()


@pytest.mark.parametrize("k", [1, 3])
def test_plans_do_not_depend_on_how_many_groups_are_worked_on_at_once(
    k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    slots = deal(np.sort(rng.standard_normal(190)), 13, 15, low=-9.0)
    tau = padded(rng.uniform(-1, 1, (190, k)))
    whole = plan(slots, tau)
    monkeypatch.setattr(slots_module, "_BLOCK", 15 * 4 * k)
    parts = plan(slots, tau)
    assert (parts.slot == whole.slot).all()
    for name in ("start", "rise", "steepest", "steepness"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9)


def test_several_outputs_are_planned_one_by_one() -> None:
    rng = np.random.default_rng(3)
    slots = deal(np.sort(rng.standard_normal(60)), 6, 10)
    tau = padded(rng.uniform(-1, 1, (60, 2)))
    both = plan(slots, tau)
    for i in range(2):
        one = plan(slots, tau[:, [i]])
        assert (one.slot == both.slot).all()
        np.testing.assert_allclose(one.start[0], both.start[i], rtol=1e-12)
        np.testing.assert_allclose(one.rise[0], both.rise[i], rtol=1e-12)
