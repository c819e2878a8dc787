"""Verification: labels, rounded inputs, misfits, and what a certificate records."""

from __future__ import annotations

import numpy as np
import pytest

import hand_made
from rote.certify import verify
from rote.data import DataSet
from rote.errors import DataError, OptionError
from rote.network import Affine, ArgMax, Columns, Nearest, Network, Value
from rote.network.serial import digest
from rote.typing import Array


def identity(labels: object, dtype: str = "float32") -> Network:
    """One feature, decided as the label whose code is nearest to it."""
    layer = Affine(np.ones((1, 1), dtype), np.zeros(1, dtype))
    return Network((layer,), Nearest(np.asarray(labels)), dtype)


def test_a_certificate_records_what_it_is_about() -> None:
    X = np.array([[0.0], [1.0], [1.0], [2.0]])
    data = DataSet.from_arrays(X, [0, 1, 1, 2])
    network = identity([0, 1, 2])
    certificate = verify(network, data)
    assert certificate.network == digest(network)
    assert certificate.data == data.digest
    assert (certificate.n, certificate.d, certificate.merged) == (3, 1, 1)
    assert certificate.dtype == "float32"
    assert certificate.inputs_rounded == 0
    assert list(certificate.claims) == ["exact", "portable"]
    assert certificate.claims["exact"].margin == 0.5
    assert certificate.certified


def test_failing_rows_are_numbered_as_in_the_data_as_given() -> None:
    X = np.array([[0.0], [0.0], [0.0], [1.0], [2.0]])
    data = DataSet.from_arrays(X, [0, 0, 0, 2, 2])
    claim = verify(identity([0, 1, 2]), data).claims["exact"]
    assert claim.rows == (3,)


@pytest.mark.parametrize("claims", [("exact",), ("portable",), ("portable", "exact"), ()])
def test_claims_may_be_chosen(claims: tuple[str, ...]) -> None:
    data = DataSet.from_arrays([[0.0], [1.0]], [0, 1])
    certificate = verify(identity([0, 1]), data, claims=claims)
    assert tuple(certificate.claims) == claims
    assert certificate.certified == bool(claims)


def test_an_unknown_claim_is_refused() -> None:
    data = DataSet.from_arrays([[0.0], [1.0]], [0, 1])
    with pytest.raises(OptionError, match="must be one of exact, portable, exists, not 'replayed'"):
        verify(identity([0, 1]), data, claims=("replayed",))


@pytest.mark.parametrize(
    ("of_network", "of_data", "same"),
    [
        ([0, 1], [0, 1], True),
        ([0, 1], [0.0, 1.0], True),
        ([0, 1], [False, True], True),
        (["a", "b"], ["a", "b"], True),
        (["0", "1"], [0, 1], False),
        ([0, 1], ["0", "1"], False),
        ([-1, "one"], np.array([-1, "one"], object), True),
    ],
)
def test_labels_are_compared_by_value(of_network: object, of_data: object, same: bool) -> None:
    labels = np.empty(2, object)
    labels[:] = of_network
    network = identity(labels if len({type(v) for v in labels}) > 1 else of_network)
    data = DataSet.from_arrays([[0.0], [1.0]], of_data, task="classes")
    assert verify(network, data).certified == same


def test_labels_of_the_data_may_be_some_of_the_networks() -> None:
    data = DataSet.from_arrays([[3.0], [1.0]], ["d", "b"])
    assert verify(identity(["a", "b", "c", "d"]), data).certified


def test_a_label_that_the_network_does_not_know_fails_its_rows_only() -> None:
    data = DataSet.from_arrays([[0.0], [1.0], [2.0], [3.0]], ["a", "b", "z", "z"])
    certificate = verify(identity(["a", "b", "c"]), data)
    for claim in certificate.claims.values():
        assert claim.rows == (2, 3)
        assert claim.failures.total == 2
        assert claim.reason == "Row 2: the network knows no label 'z'."
        assert claim.margin is None
    nothing = DataSet.from_arrays([[0.0]], ["z"])
    assert verify(identity(["a"]), nothing).claims["exact"].rows == (0,)


def test_columns_are_compared_by_value_and_in_order() -> None:
    layer = Affine(np.array([[1.0], [-1.0]]), np.array([0.0, 1.0]))
    network = Network((layer,), Columns((np.array([5, 7]), np.array(["a", "b"]))))
    X = [[0.0], [1.0]]
    assert verify(network, DataSet.from_arrays(X, [[5.0, "b"], [7, "a"]])).certified
    swapped = verify(network, DataSet.from_arrays(X, [["b", 5], ["a", 7]]))
    assert swapped.claims["exact"].rows == (0, 1)
    assert verify(network, DataSet.from_arrays(X, [[5, "b"], [7, "b"]])).claims["exact"].rows == (
        1,
    )
    unknown = verify(network, DataSet.from_arrays(X, [[5, "b"], [7, "c"]]))
    for claim in unknown.claims.values():
        assert claim.rows == (1,)
        assert claim.reason == "Row 1: the network knows no label [7, 'c']."
    for y, found in ((["a", "b"], 1), ([["a", 1, 2], ["b", 2, 3]], 3)):
        with pytest.raises(DataError, match=f"decides 2 label columns, but the data have {found}"):
            verify(network, DataSet.from_arrays(X, y))
    joint = Network((Affine(np.eye(1), np.zeros(1)),), Nearest(np.array([["a", "x"], ["b", "x"]])))
    assert verify(joint, DataSet.from_arrays(X, [["a", "x"], ["b", "x"]])).certified
    with pytest.raises(DataError, match="decides 2 label columns, but the data have 1"):
        verify(joint, DataSet.from_arrays(X, ["a", "b"]))


def test_points_are_rounded_to_the_dtype_and_counted() -> None:
    data = DataSet.from_arrays([[0.1, 2.0], [0.25, 1 / 3]], [0, 1])
    layer = Affine(np.array([[0, -1]], np.float32), np.array([1], np.float32))
    network = Network((layer,), Nearest(np.array([0, 1])), "float32")
    assert verify(network, data).inputs_rounded == 2
    integers = DataSet.from_arrays([[2**24 + 1, 1]], [0])
    assert verify(network, integers).inputs_rounded == 1


def test_rounding_of_points_belongs_to_the_claim() -> None:
    # 1 + 2^-30 rounds to 1, where the threshold is.
    layer = Affine(np.array([[1.0]]), np.array([-1.0]))
    data = DataSet.from_arrays([[1 + 2.0**-30], [2.0]], [0, 1])
    double = Network((layer,), Value(1.0), "float64")
    assert verify(double, DataSet.from_arrays(data.points, [2.0**-30, 1.0], task="real")).certified
    single = Network(
        (Affine(layer.weight.astype(np.float32), layer.bias.astype(np.float32)),),
        Value(2.0**-31),
        "float32",
    )
    real = DataSet.from_arrays(data.points, [2.0**-30, 1.0], task="real")
    assert verify(single, real).claims["exact"].rows == (0,)


def test_points_that_the_dtype_cannot_tell_apart_fail_for_one_of_their_labels() -> None:
    data = DataSet.from_arrays([[1.0], [1 + 2.0**-40]], [1, 0])
    assert verify(identity([0, 1]), data).claims["exact"].rows == (1,)


def test_a_value_that_overflows_the_dtype_fails_its_row() -> None:
    data = DataSet.from_arrays([[1e300], [1.0]], [1, 1])
    certificate = verify(identity([0, 1]), data)
    assert certificate.inputs_rounded == 1
    for claim in certificate.claims.values():
        assert claim.rows == (0,)
        assert "Row 0: a value overflows the network's dtype" in claim.reason


def test_exact_networks_take_the_points_as_given() -> None:
    w, b = np.array([[2**100]], object), np.array([-(2**100)], object)
    network = Network((Affine(w, b),), Value(1e-9), "exact")
    data = DataSet.from_arrays([[1.0], [1 + 2.0**-52]], [0.0, 2.0**48], task="real")
    certificate = verify(network, data)
    assert certificate.inputs_rounded == 0
    assert certificate.holds("exact")
    portable = certificate.claims["portable"]
    assert (portable.available, portable.holds) == (False, False)


def test_misfits_are_refused_in_one_line() -> None:
    network = identity([0, 1])
    with pytest.raises(DataError, match="takes 1 features, but the data have 2"):
        verify(network, DataSet.from_arrays([[0.0, 1.0]], [0]))
    with pytest.raises(OptionError, match=r"decides labels\. Read the data with task='classes'"):
        verify(network, DataSet.from_arrays([[0.0]], [0.5]))
    real = Network(network.layers, Value(0.1), "float32")
    with pytest.raises(OptionError, match=r"decides real values\. Read the data with task='real'"):
        verify(real, DataSet.from_arrays([[0.0]], [0]))
    with pytest.raises(DataError, match="has 1 outputs, but the data have 2 targets"):
        verify(real, DataSet.from_arrays([[0.0]], [[0.0, 1.0]]))


def test_one_point_and_one_class() -> None:
    data = DataSet.from_arrays([[7.0]], ["only"])
    assert verify(identity(["only"]), data).certified
    one = Network((Affine(np.ones((1, 1)), np.zeros(1)),), ArgMax(np.array(["only"])), "float64")
    certificate = verify(one, data)
    assert certificate.certified
    assert certificate.claims["exact"].margin is None
    assert certificate.claims["portable"].margin is None


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.array([[True, False, True]])])
def test_zeros_and_booleans(points: Array) -> None:
    layer = Affine(np.zeros((1, 3), np.float32), np.zeros(1, np.float32))
    network = Network((layer,), Nearest(np.array([0, 1])), "float32")
    assert verify(network, DataSet.from_arrays(points, [0])).certified
    assert not verify(network, DataSet.from_arrays(points, [1])).certified


def test_progress_may_stop_the_work() -> None:
    data = hand_made.table()

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(hand_made.lookup(data), data, progress=stop)


def test_order_of_rows_changes_no_verdict() -> None:
    data = hand_made.table(12)
    network = hand_made.saturated(data)
    order = np.random.default_rng(0).permutation(12)
    assert data.labels is not None
    other = DataSet.from_arrays(data.points[order], data.labels[data.codes][order])
    first, second = verify(network, data), verify(network, other)
    assert first.claims["exact"] == second.claims["exact"]
    assert first.claims["portable"] == second.claims["portable"]
