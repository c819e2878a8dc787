"""The shape of a compact memory."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from rote.constructions._compact.codes import PLANES
from rote.constructions._compact.layout import choose_layout


@pytest.mark.parametrize("n", [10, 10**3, 10**5, 10**7])
def test_a_shape_has_room_for_all_keys_and_few_conflicts(n: int) -> None:
    mean, pairs = n / PLANES, n * n / 4
    layout = choose_layout(mean, 1 - 1 / PLANES, pairs, 1, PLANES, 1.0, selected=False)
    assert layout.shards * layout.room >= mean
    assert pairs / layout.addresses <= 2.5
    for ranges in (layout.rows, layout.columns):
        assert all(math.gcd(a, b) == 1 for a, b in combinations(ranges, 2))
