"""Addresses: which keys cannot share one."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._compact.codes import Code
from rote.constructions._compact.layout import Layout
from rote.constructions._compact.memory import Address
from rote.constructions._compact.words import Word


@given(
    n=st.integers(1, 60),
    shards=st.integers(1, 3),
    classes=st.integers(2, 5),
    small=st.booleans(),
    seed=st.integers(0, 999),
)
def test_addresses_fail_where_keys_that_share_one_disagree(
    n: int, shards: int, classes: int, small: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layout = Layout(shards, (2, 3), (2, 3, 5) if small else (11, 13, 15))
    sizes = np.array([*layout.ranges])
    parts = (rng.random((len(sizes), n)) * sizes[:, None]).astype(np.int16)
    symbols = rng.integers(0, classes, n)
    counts = np.bincount(symbols, minlength=classes) + 1
    word = Word(symbols, Code.for_counts(counts), np.arange(classes)[:, None])
    address = Address.of_parts(parts, layout)
    sharing = defaultdict(list)
    for key in range(n):
        place = tuple(parts[:-1, key].tolist())
        sharing[place].append((int(symbols[key]), layout.planes - 1 - int(parts[-1, key])))
    expected = not all(word.code.agree(keys) for keys in sharing.values() if len(keys) > 1)
    assert address.fails(layout, (word,)) == expected
