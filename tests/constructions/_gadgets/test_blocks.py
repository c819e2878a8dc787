"""The best indices of Proposition 3.4, against every choice of indices."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._gadgets.blocks import Layout, best_layout
from rote.constructions._gadgets.clamps import Condition, Unit, clamp_of

FORMS = list(itertools.product(("hard-tanh", "relu"), ("paper", "sharp")))


def points(
    widths: list[int], indices: tuple[int, ...], dy: int, activation: Unit, condition: Condition
) -> int:
    """The condition word for word, with indices from 1; 0 where a condition on widths fails."""
    d = [0, *widths]
    m, last = len(indices), len(widths)
    if any(a + 1 >= b for a, b in itertools.pairwise(indices)):
        return 0
    for j in range(m - 1):
        if any(d[k] < dy + 1 for k in range(indices[j] + 2, indices[j + 1])):
            return 0
    if any(d[k] < dy for k in range(indices[-1] + 2, last + 1)):
        return 0
    total = 0
    for j, index in enumerate(indices):
        r = dy * (j > 0) + (j < m - 1)
        one, two = max(d[index] - r, 0), max(d[index + 1] - r, 0)
        if condition == "paper":
            u = 2 if activation == "hard-tanh" else 4
            held = 4 * (one // u) * (two // (u * dy))
        else:
            held = 2 * (one // 2) * (two // ((1 if activation == "hard-tanh" else 2) * dy))
        if not held:
            return 0
        total += held
    return total


@pytest.mark.parametrize(("activation", "condition"), FORMS)
@given(
    widths=st.lists(st.integers(1, 24), min_size=2, max_size=7),
    dy=st.integers(1, 2),
    n=st.integers(1, 200),
)
def test_the_search_finds_the_best_of_all_indices(
    activation: Unit, condition: Condition, widths: list[int], dy: int, n: int
) -> None:
    rule = clamp_of(activation, 0.01, condition).rule
    found = best_layout(tuple(widths), n, dy, rule)
    layers = range(1, len(widths))
    by_count = [
        max(
            (
                points(widths, i, dy, activation, condition)
                for i in itertools.combinations(layers, m)
            ),
            default=0,
        )
        for m in range(1, len(widths))
    ]
    if isinstance(found, Layout):
        fewest = next(m for m, held in enumerate(by_count, 1) if held >= n)
        assert len(found.blocks) == fewest
        assert found.points == by_count[fewest - 1]
        indices = tuple(block.layer + 1 for block in found.blocks)
        assert points(widths, indices, dy, activation, condition) == found.points
        assert all(used <= given for used, given in zip(found.widths, widths, strict=True))
    else:
        assert max(by_count) == found < n
