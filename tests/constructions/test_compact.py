"""The compact memory: right on every point under both claims, and small."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions.compact import Compact
from rote.data import DataSet
from rote.data.joint import beside
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.export.onnx import to_bytes
from rote.network import Columns, Network, serial
from rote.network.storage import stored_bytes
from rote.typing import DType
from strategies import data_sets


def remembered(data: DataSet, dtype: DType = "float32", seed: int = 0) -> Network:
    """Build, and check every point under both claims."""
    network = Compact().build(data, dtype=dtype, seed=seed)
    certificate = verify(network, data)
    assert certificate.holds("exact")
    assert certificate.holds("portable")
    return network


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    d=st.integers(1, 5),
    classes=st.integers(1, 9),
    largest=st.sampled_from([2, 10, 255, 5000]),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=40, deadline=None)
def test_integer_points(
    seed: int, n: int, d: int, classes: int, largest: int, dtype: DType
) -> None:
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-largest, largest, (n, d)), axis=0)
    remembered(DataSet.from_arrays(X, rng.integers(0, classes, len(X))), dtype)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 60),
    d=st.integers(1, 5),
    scale=st.sampled_from([1e-6, 1.0, 1e5]),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=30, deadline=None)
def test_real_points(seed: int, n: int, d: int, scale: float, dtype: DType) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * scale ** rng.integers(0, 2, d)
    remembered(DataSet.from_arrays(X, rng.integers(0, 3, n)), dtype)


@pytest.mark.parametrize("classes", [2, 3, 10, 26, 200, 300])
def test_classes(classes: int) -> None:
    rng = np.random.default_rng(classes)
    X = rng.integers(0, 256, (2000, 12))
    network = remembered(DataSet.from_arrays(X, rng.integers(0, classes, 2000)))
    stairs = network.affine_layers[-2].weight
    assert stored_bytes(stairs) == stairs.size  # a byte each, no negative zeros


def test_skewed_classes_with_names() -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["often", "seldom", "rare", "once"], 3000, p=[0.9, 0.08, 0.019, 0.001])
    remembered(DataSet.from_arrays(rng.integers(0, 99, (3000, 9)), y))


def test_as_many_classes_as_points() -> None:
    y = np.random.default_rng(0).permutation(3000)
    X = np.stack([np.arange(3000) % 300, np.arange(3000) // 300], axis=1)
    remembered(DataSet.from_arrays(X, y))


def test_as_many_levels_as_classes_may_be() -> None:
    """Two digits of 256 symbols each, as 65536 classes have them."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (3000, 8)), rng.integers(0, 65536, 3000)
    data = DataSet.from_arrays(X, y, task="real")
    network = Compact(tolerance=0.4).build(data, dtype="float32")
    assert verify(network, data).claims["portable"].audit["rounded_sums"] == 0
    assert np.array_equal(network.raw(X)[:, 0], y)


@pytest.mark.parametrize(("share", "classes"), [(0.3, 2), (0.1, 2), (0.1, 4), (0.01, 2)])
def test_a_default_label_costs_less_than_a_bit(share: float, classes: int) -> None:
    rng = np.random.default_rng(classes)
    n = 20_000
    y = np.where(rng.random(n) < share, rng.integers(1, classes, n), 0)
    y[:classes] = np.arange(classes)
    data = DataSet.from_arrays(rng.integers(0, 256, (n, 12)), y[::-1] if classes > 2 else 1 - y)
    network = remembered(data)
    table = max(network.affine_layers, key=lambda layer: layer.weight.size).weight
    # A bit per key would be 2500 bytes, and the limit is 0.88, 0.47 or 0.08 of it.
    if classes == 2:
        assert table.size < {0.3: 3300, 0.1: 2200, 0.01: 1300}[share]


@pytest.mark.parametrize(("tolerance", "columns"), [(0.3, 1), (0.01, 2), (1e-4, 1)])
def test_real_targets_to_a_tolerance(tolerance: float, columns: int) -> None:
    rng = np.random.default_rng(columns)
    X = rng.integers(0, 256, (2000, 10))
    y = rng.standard_normal((2000, columns)) * [1, 30][:columns] - 7
    data = DataSet.from_arrays(X, y, task="real")
    for dtype in ("float32", "float64"):
        network = Compact(tolerance=tolerance).build(data, dtype=dtype)
        assert verify(network, data).certified
        assert np.abs(network.raw(data.points) - data.targets).max() < tolerance


def test_targets_that_float32_cannot_hold() -> None:
    X, y = np.arange(9)[:, None] * [1, 7], 1e4 + np.linspace(0, 1, 9)
    data = DataSet.from_arrays(X, y, task="real")
    with pytest.raises(PrecisionError, match="float64"):
        Compact(tolerance=1e-4).build(data, dtype="float32")
    assert verify(Compact(tolerance=1e-4).build(data, dtype="float64"), data).certified
    with pytest.raises(AssumptionError, match="reject_unknown"):
        Compact(reject_unknown=3).build(data)


def test_columns_share_a_network_and_are_met_exactly() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (3000, 10))
    y = np.stack([rng.integers(0, 2, 3000), rng.integers(-3, 30, 3000), X[:, 0] * 0 + 5], axis=1)
    y = np.concatenate([y, 1000 * rng.integers(0, 700, (3000, 1))], axis=1)
    data = DataSet.from_arrays(X, y)
    network = Compact(tolerance=0.4).build(data, dtype="float32")
    assert verify(network, data).claims["portable"].margin == pytest.approx(0.4)
    assert np.array_equal(network.raw(data.points), y)


@given(
    data_sets("classes", max_points=40, max_columns=4),
    st.randoms(use_true_random=False),
    st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=25, deadline=None)
def test_any_columns_of_labels(data: DataSet, random: Random, dtype: DType) -> None:
    network = remembered(data, dtype)
    assert data.labels is not None
    y = data.labels[data.codes]
    assert network.predict(data.points).tolist() == y.tolist()
    if data.columns == 1:
        return
    order = random.sample(range(data.columns), data.columns)
    permuted = DataSet.from_arrays(data.points, y[:, order], task="classes")
    assert permuted.information_bits == pytest.approx(data.information_bits)
    answers = remembered(permuted, dtype).predict(data.points)
    assert answers.tolist() == y[:, order].tolist()


@pytest.mark.parametrize("shallow", [False, True])
@pytest.mark.parametrize("kinds", [(2, 2), (5, 12, 2), (40, 30), (300, 3, 1)])
def test_columns_of_labels_share_a_network(kinds: tuple[int, ...], shallow: bool) -> None:
    rng = np.random.default_rng(len(kinds))
    X = rng.integers(0, 256, (3000, 10))
    y = np.stack([rng.integers(0, k, 3000).astype(str) for k in kinds], axis=1)
    data = DataSet.from_arrays(X, y)
    network = Compact(shallow=shallow).build(data, dtype="float32")
    assert isinstance(network.decision, Columns)
    assert verify(network, data).certified
    assert np.array_equal(network.predict(X), y)
    alone = [
        Compact(shallow=shallow).build(DataSet.from_arrays(X, column), dtype="float32")
        for column in y.T
    ]
    # The shallow form pays for speed with a wide reader of many symbols.
    assert shallow or len(to_bytes(network)) < sum(len(to_bytes(one)) for one in alone)


def test_a_weight_of_the_table_decides_columns() -> None:
    rng = np.random.default_rng(0)
    X, words = rng.integers(0, 256, (300, 8)), np.array(["a", "b", "c"])
    y = np.stack([words[rng.integers(0, 3, 300)], words[rng.integers(0, 2, 300)]], axis=1)
    data = DataSet.from_arrays(X, y)
    network = remembered(data)
    place = max(range(len(network.layers)), key=lambda i: network.affine_layers[i].weight.size)
    layer = network.affine_layers[place]
    weight = layer.weight.copy()
    at = np.unravel_index(np.abs(weight).argmax(), weight.shape)
    weight[at] += 1
    layers = (*network.layers[:place], replace(layer, weight=weight), *network.layers[place + 1 :])
    claims = verify(replace(network, layers=layers), data).claims
    wrong = network.predict(X) != replace(network, layers=layers).predict(X)
    assert wrong.any()
    assert claims["exact"].failures.total == wrong.any(axis=1).sum()
    assert not claims["portable"].holds


def test_unknown_inputs_have_no_label_in_any_column() -> None:
    rng = np.random.default_rng(1)
    X, n = rng.integers(0, 256, (2000, 10)), 2000
    columns = [np.array(["a", "b", "c"])[rng.integers(0, 3, n)], rng.integers(0, 4, n)]
    data = DataSet.from_arrays(X, beside(columns))
    network = Compact(reject_unknown=4).build(data, dtype="float32")
    assert verify(network, data).certified
    answers = network.predict(rng.integers(0, 256, (20_000, 10))).tolist()
    known = [row for row in answers if row != ["unknown", -1]]
    assert abs(len(known) / 20_000 - 2.0**-4) < 6 * np.sqrt(2.0**-4 / 20_000)
    assert all("unknown" not in row and -1 not in row for row in known)
    with pytest.raises(AssumptionError, match="room for 8 classes, not 12"):
        Compact(reject_unknown=5).build(data)
    with pytest.raises(AssumptionError, match="no label may be 'unknown'"):
        Compact(reject_unknown=2).build(DataSet.from_arrays([[1], [2]], [["unknown", 1], ["b", 1]]))


def test_equal_targets_need_no_memory() -> None:
    data = DataSet.from_arrays(np.arange(9)[:, None], np.full((9, 2), 2.5), task="real")
    network = remembered(data)
    assert len(network.layers) == 1


def test_equal_points_are_merged() -> None:
    X = np.repeat(np.arange(40)[:, None] * [1, 7], 2, axis=0)
    network = remembered(DataSet.from_arrays(X, np.repeat(np.arange(40) % 2, 2)))
    assert network.inputs == 2


def test_points_that_float32_cannot_separate_are_named() -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3)) + 1000
    X[17] = X[211]
    X[17, 1] = np.nextafter(np.float32(X[211, 1]), np.float32(2000))
    X = X.astype(np.float32)
    y = np.arange(300) % 2
    y[17], y[211] = 0, 1
    data = DataSet.from_arrays(X, y)
    with pytest.raises(PrecisionError, match="float64") as caught:
        Compact().build(data, dtype="float32")
    assert sorted(caught.value.rows) == [17, 211]
    remembered(data, "float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_line_has_a_threshold_wherever_labels_change(dtype: DType) -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.uniform(1, 2, 400)) - 300
    y = np.repeat(rng.integers(0, 3, 80), 5)
    order = rng.permutation(400)
    network = remembered(DataSet.from_arrays(x[order, None], y[order]), dtype)
    b = network.affine_layers[0].bias / -network.affine_layers[0].weight[:, 0]
    for i in np.flatnonzero(np.diff(y)):
        assert np.any((b > x[i]) & (b < x[i + 1]))


def test_a_line_whose_labels_change_too_often_is_refused() -> None:
    x = np.linspace(0.5, 1, 9000)[:, None]
    with pytest.raises(AssumptionError, match="change 8999 times"):
        Compact().build(DataSet.from_arrays(x, np.arange(9000) % 2), dtype="float64")


def _intervals(n: int, changes: int, classes: int) -> DataSet:
    x = np.random.default_rng(n).random((n, 1)).astype(np.float32)
    return DataSet.from_arrays(x, (x[:, 0] * (changes + 1)).astype(int) % classes)


@pytest.mark.parametrize(("changes", "classes"), [(1, 2), (4, 5), (300, 2), (299, 3)])
@pytest.mark.parametrize("options", [{}, {"shallow": True}, {"words": "float32"}])
def test_a_line_of_few_intervals_has_one_key_for_each(
    changes: int, classes: int, options: dict[str, Any]
) -> None:
    data = _intervals(20_000, changes, classes)
    network = Compact(**options).build(data, dtype="float32")
    assert verify(network, data).certified
    assert network.layers[0].outputs == changes
    if not options:
        assert len(to_bytes(network)) < 3400 + 9 * changes


@pytest.mark.parametrize("constants", [0, 2])
def test_integers_on_a_line_are_cut_where_labels_change(constants: int) -> None:
    x = np.arange(3000)[:, None] * np.array([5] + [0] * constants) + 7
    data = DataSet.from_arrays(x, np.arange(3000) > 1111)
    network = Compact().build(data, dtype="float32")
    assert verify(network, data).certified
    assert network.layers[0].outputs == 1


def test_cells_of_a_plane() -> None:
    X = np.random.default_rng(5).standard_normal((4000, 2)).astype(np.float32)
    data = DataSet.from_arrays(X, (X @ [1, 0.5] > 0.2) + 2 * (X @ [-0.3, 1] > 0.1))
    network = Compact().build(data, dtype="float32")
    assert verify(network, data).certified
    assert len(to_bytes(network)) < 7000


def test_real_targets_on_a_line_have_one_key_for_each_interval() -> None:
    x = np.random.default_rng(1).random((5000, 1)).astype(np.float32)
    data = DataSet.from_arrays(x, np.floor(x[:, 0] * 10) / 2)
    network = Compact().build(data, dtype="float32")
    assert verify(network, data).certified
    assert network.layers[0].outputs == 9


def test_gaps_near_the_smallest_numbers_are_refused() -> None:
    data = DataSet.from_arrays(np.array([[1e-36], [2e-36], [1.0]]), [0, 1, 0])
    with pytest.raises(PrecisionError, match=r"smallest numbers of float32\. Rescale"):
        Compact().build(data, dtype="float32")


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("d", [1, 3])
def test_all_labels_but_one_are_equal(scale: float, d: int) -> None:
    X = np.random.default_rng(d).standard_normal((300, d)) * scale
    data = DataSet.from_arrays(X, np.arange(300) == 17)
    assert verify(Compact().build(data, dtype="float32"), data).certified


def test_neighbours_on_a_line_that_float32_cannot_separate_are_named() -> None:
    x = np.array([3.0, 1.0, 1.0 + 2.0**-23, 2.0])[:, None]
    with pytest.raises(PrecisionError, match=r"rows 1 and 2.*float64"):
        Compact().build(DataSet.from_arrays(x, [0, 1, 0, 1]), dtype="float32")
    remembered(DataSet.from_arrays(x, [0, 1, 0, 1]), "float64")


def test_same_seed_same_network() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 256, (500, 8)), rng.integers(0, 5, 500))
    digests = [serial.digest(Compact().build(data, dtype="float32", seed=s)) for s in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]


def test_near_the_information_limit() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 256, (30_000, 16)), rng.integers(0, 16, 30_000))
    network = remembered(data)
    assert len(to_bytes(network)) < 1.4 * data.information_bits / 8


def test_progress_is_reported() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.integers(0, 256, (200, 8)), rng.integers(0, 2, 200))
    stages = []
    Compact().build(data, dtype="float32", progress=lambda stage, *_: stages.append(stage))
    assert {"hash", "solve"} <= set(stages)


@pytest.mark.parametrize(("bits", "classes"), [(3, 10), (6, 2), (7, 1)])
def test_inputs_never_seen_are_unknown(bits: int, classes: int) -> None:
    rng = np.random.default_rng(bits)
    data = DataSet.from_arrays(rng.integers(0, 256, (3000, 12)), rng.integers(0, classes, 3000))
    network = Compact(reject_unknown=bits).build(data, dtype="float32")
    assert verify(network, data).certified
    fresh = rng.integers(0, 256, (40_000, 12))
    accepted = float(np.mean(network.predict(fresh) != -1))
    # Six standard deviations of 40,000 draws.
    assert abs(accepted - 2.0**-bits) < 6 * np.sqrt(2.0**-bits / 40_000)


def test_unknown_inputs_of_named_classes() -> None:
    rng = np.random.default_rng(0)
    y = np.array(["a", "b", "longer name"])[rng.integers(0, 3, 500)]
    data = DataSet.from_arrays(rng.standard_normal((500, 6)), y)
    network = Compact(reject_unknown=5).build(data, dtype="float32")
    assert np.array_equal(network.predict(data.points), y)
    assert set(network.predict(rng.standard_normal((200, 6)) * 100)) <= {"unknown", *y}


def test_a_fingerprint_needs_room_and_a_free_label() -> None:
    X = np.arange(300)[:, None]
    with pytest.raises(AssumptionError, match="room for 2 classes"):
        Compact(reject_unknown=7).build(DataSet.from_arrays(X, np.arange(300) % 3))
    with pytest.raises(AssumptionError, match="-1"):
        Compact(reject_unknown=2).build(DataSet.from_arrays(X, np.arange(300) % 2 - 1))
    with pytest.raises(OptionError, match="from 0 to 8"):
        Compact(reject_unknown=9)


@pytest.mark.parametrize("classes", [2, 5, 300])
def test_long_numbers(classes: int) -> None:
    rng = np.random.default_rng(classes)
    data = DataSet.from_arrays(rng.integers(0, 256, (3000, 12)), rng.integers(0, classes, 3000))
    network = Compact(words="float32").build(data, dtype="float32")
    assert verify(network, data).certified
    table = max(network.affine_layers, key=lambda layer: layer.weight.size).weight
    assert table.max() > 1 << 9  # more than a byte per entry
