"""The best split of units, against every other one; the paper's conditions word for word."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.clamps import Condition, Unit, clamp_of
from rote.constructions._gadgets.split import Rule, check_widths
from rote.errors import AssumptionError, OptionError

ALL = list(itertools.product(("hard-tanh", "relu"), ("paper", "sharp")))


def rule(activation: Unit, condition: Condition) -> Rule:
    return clamp_of(activation, 0.01, condition).rule


def holds(activation: Unit, condition: Condition, d1: int, d2: int, dy: int) -> int:
    """How many points the conditions of the module's docstring allow."""
    if condition == "paper":
        r = 2 if activation == "hard-tanh" else 4
        return 4 * (d1 // r) * (d2 // (r * dy))
    return d1 * (d2 // dy if activation == "hard-tanh" else d2 // (2 * dy))


@pytest.mark.parametrize(("activation", "condition"), ALL)
@given(n=st.integers(1, 300), dy=st.integers(1, 3))
def test_no_widths_of_fewer_units_satisfy_the_condition(
    activation: Unit, condition: Condition, n: int, dy: int
) -> None:
    split = rule(activation, condition).best(n, dy)
    assert holds(activation, condition, *split.widths, dy) >= n
    assert split.p * split.q >= n
    total = sum(split.widths) - 1
    assert all(holds(activation, condition, d, total - d, dy) < n for d in range(1, total))


@pytest.mark.parametrize(("activation", "condition"), ALL)
@given(d1=st.integers(1, 60), d2=st.integers(1, 60), dy=st.integers(1, 3))
def test_given_widths_hold_what_the_condition_says(
    activation: Unit, condition: Condition, d1: int, d2: int, dy: int
) -> None:
    split = rule(activation, condition).of_widths((d1, d2), dy)
    assert split.p * split.q == holds(activation, condition, d1, d2, dy)
    assert split.widths[0] <= d1
    assert split.widths[1] <= d2


@pytest.mark.parametrize(
    ("n", "paper", "sharp"),
    [
        (10**3, (56, 72), (40, 50)),
        (10**4, (200, 200), (137, 146)),
        (5 * 10**4, (424, 472), (305, 328)),
        (10**6, (2000, 2000), (1387, 1442)),
    ],
)
def test_relu_widths(n: int, paper: tuple[int, int], sharp: tuple[int, int]) -> None:
    assert sum(rule("relu", "paper").best(n, 1).widths) == sum(paper)
    assert rule("relu", "sharp").best(n, 1).widths == sharp


def test_two_roots_of_n_suffice_for_one_output() -> None:
    for root in range(2, 400, 2):
        split = rule("relu", "paper").of_widths((2 * root, 2 * root), 1)
        assert split.p * split.q >= root * root


def test_too_small_widths_are_refused_with_what_they_hold() -> None:
    with pytest.raises(AssumptionError, match=r"Widths 10,10 hold 50 points, not 51. .*=\d+,\d+"):
        rule("relu", "sharp").hold(51, 1, (10, 10))


def test_layers_of_a_split() -> None:
    split = clamp_of("relu", 0.01, "sharp", composition=True).rule.best(100, 1)
    repeated = clamp_of("relu", 0.01, "sharp", composition=True).rule
    assert repeated.hidden(split) == (10, 10, 10, 10)
    assert repeated.parameters(split, 3, 1) == 4 + 20 + 3 * 110 + 11
    paired = rule("relu", "sharp").of_widths((4, 6), 1)
    assert rule("relu", "sharp").parameters(paired, 3, 1) == 4 + 8 + 20 + 30 + 7


def test_widths_are_positive() -> None:
    check_widths(None)
    with pytest.raises(OptionError, match="must be positive, not 3,0"):
        check_widths((3, 0))
