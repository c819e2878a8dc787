"""rajput2021: table bits, integers behind the first layer, and the retrieval table's twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions._gadgets.retrieval import fill_table
from rote.constructions.rajput2021 import Rajput2021
from rote.data import DataSet, Problem
from rote.data.geometry import separation
from rote.errors import OptionError, PrecisionError


def normal(n: int, d: int, classes: int = 2, seed: int = 0) -> DataSet:
    rng = np.random.default_rng(seed)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, classes, n))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), bits=st.integers(1, 6))
def test_a_filled_table_gives_every_value_back(seed: int, n: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    size = 3 * n
    cells = rng.integers(0, n, (n, 3)) + n * np.arange(3)
    values = rng.integers(0, 1 << bits, n)
    table = fill_table(cells, values, size)
    if table is None:  # some keys share all their cells with others: the slow twin agrees
        left = list(range(n))
        while True:
            used = [c for k in left for c in cells[k]]
            alone = [k for k in left if any(used.count(c) == 1 for c in cells[k])]
            if not alone:
                break
            left = [k for k in left if k not in alone]
        assert left
        return
    for key, value in zip(cells, values, strict=True):
        assert table[key[0]] ^ table[key[1]] ^ table[key[2]] == value


def test_table_bits_are_at_most_1_3_for_each_binary_label() -> None:
    data = normal(4000, 20)
    network = Rajput2021().build(data, dtype="float32")
    rows, columns = network.size.widths[3] / 3, (network.size.widths[2] / 3 + 2)
    columns -= rows
    assert 3 * rows * columns <= 1.3 * data.n
    assert verify(network, data).certified


def test_everything_behind_the_hyperplanes_is_a_small_integer() -> None:
    data = normal(1000, 5, classes=6)
    network = Rajput2021().build(data, dtype="float32")
    for layer in network.affine_layers[1:]:
        doubled = 2 * np.concatenate([layer.weight.ravel(), layer.bias])
        assert np.array_equal(doubled, np.rint(doubled))
    audit = verify(network, data).claims["portable"].audit
    assert audit["largest_error"] == 0.0
    assert audit["rounded_sums"] == data.n * network.size.widths[0]


def test_integer_data_are_cut_without_rounding() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 16, (1500, 16)), rng.integers(0, 26, 1500))
    network = Rajput2021().build(data, dtype="float32")
    claim = verify(network, data).claims["portable"]
    assert claim.holds
    assert claim.audit["rounded_sums"] == 0


def test_units_follow_the_square_root_of_n() -> None:
    sizes = [Rajput2021().build(normal(n, 20)).size for n in (1000, 4000)]
    tables = [sum(size.widths[2:4]) for size in sizes]
    assert tables[1] < 2.6 * tables[0]
    assert sizes[1].nonzero < 4 * 4000


def test_clusters_need_fewer_cells_than_points() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, 3000)
    centre = 2 * rng.standard_normal((10, 20))
    data = DataSet.from_arrays(centre[label] + 0.3 * rng.standard_normal((3000, 20)), label % 2)
    network = Rajput2021().build(data)
    assert network.size.nonzero < data.n
    assert verify(network, data).certified


def test_neighbouring_floats_are_told_apart_or_refused() -> None:
    x = np.array([[1.0], [np.nextafter(np.float32(1), np.float32(2))]], np.float32)
    data = DataSet.from_arrays(x, [0, 1])
    with pytest.raises(PrecisionError, match="float32 cannot tell rows 0 and 1 apart") as caught:
        Rajput2021().build(data, dtype="float32")
    assert caught.value.rows == (0, 1)
    assert verify(Rajput2021().build(data), data).certified


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 80),
    d=st.integers(1, 4),
    classes=st.integers(1, 6),
    kind=st.sampled_from(["normal", "grid", "pairs", "line", "circle"]),
)
def test_the_widths_stay_below_what_the_separation_promises(
    seed: int, n: int, d: int, classes: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    if kind == "grid":
        x = rng.integers(0, 5, (n, d)).astype(float)
    elif kind == "pairs":
        x[n // 2 :] = x[: n - n // 2] + 0.01 * rng.standard_normal((n - n // 2, d))
    elif kind == "line":
        x = np.arange(n)[:, None] * np.ones((1, d))
    elif kind == "circle":
        angle = 2 * np.pi * np.arange(n) / n
        x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.unique(x / (np.linalg.norm(x, axis=1).max() or 1.0), axis=0)
    data = DataSet.from_arrays(x, rng.integers(0, classes, len(x)))
    distance = separation(x).distance
    known = replace(data.problem, separation=distance if np.isfinite(distance) else None)
    network = Rajput2021().build(data, seed=seed)
    assert network.size.exceeds(Rajput2021().promise(known)) == []


def test_the_promise_is_the_lesser_of_two_bounds() -> None:
    for n, separation_, hyperplanes in ((10**4, 1.0, 116), (50, 0.01, 49)):
        promise = Rajput2021().promise(Problem(n=n, d=3, separation=separation_))
        assert promise.widths is not None
        assert promise.widths[0] == hyperplanes
    assert Rajput2021().promise(Problem(n=50, d=3)).widths is None


def test_one_label_needs_no_units() -> None:
    data = DataSet.from_arrays(np.arange(4.0)[:, None], ["a"] * 4)
    network = Rajput2021().build(data)
    assert network.size.neurons == 0
    assert set(network.predict(data.points)) == {"a"}


def test_a_load_below_the_threshold_is_refused() -> None:
    with pytest.raises(OptionError, match=r"'load' must be at least 1\.23"):
        Rajput2021(load=1.2)
