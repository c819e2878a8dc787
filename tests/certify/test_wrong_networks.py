"""The checker can say no: networks that are wrong in a single weight are never certified."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import hand_made
from oracles import below, smallest_distance
from rote.certify import verify
from rote.data import DataSet
from rote.network import Columns, Network
from rote.typing import DType

Builder = Callable[[DataSet, DType], Network]


def own_answers(network: Network, data: DataSet) -> DataSet:
    """The points with what the network itself, evaluated exactly, says of them."""
    right, _ = smallest_distance(network, data.points, np.ones(data.n, int))
    return DataSet.from_arrays(data.points, np.array(right, int))


def case(name: str, dtype: DType) -> tuple[Network, DataSet]:
    if name == "mixed":
        data = hand_made.table(6)
        network = hand_made.mixed(data, dtype)
        return network, own_answers(network, data)
    if name == "columns":
        data = hand_made.two_columns()
        return hand_made.columns(data, dtype), data
    builder: Builder = getattr(hand_made, name.removesuffix(" real"))
    data = hand_made.table(real=name.endswith("real"))
    return builder(data, dtype), data


CASES = [
    (name, dtype)
    for name in ("interpolation", "interpolation real", "lookup", "saturated", "mixed", "columns")
    for dtype in ("float32", "float64", "exact")
    if not (name.startswith("interpolation") and dtype == "exact")  # its slopes are no integers
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_right_network_is_certified(name: str, dtype: DType) -> None:
    network, data = case(name, dtype)
    certificate = verify(network, data)
    assert certificate.holds("exact")
    assert certificate.holds("portable") == (dtype != "exact")
    assert certificate.certified


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_no_neighbour_is_certified_unless_it_is_right(name: str, dtype: DType) -> None:
    network, data = case(name, dtype)
    target = data.target if data.labels is None else codes(network, data)
    wrong = tried = portable = 0
    for other in hand_made.neighbours(network):
        certificate = verify(other, data)
        right, smallest = smallest_distance(other, data.points, target)
        claim = certificate.claims["exact"]
        assert claim.holds == all(right)
        assert claim.failures.total == right.count(False)
        assert claim.rows == tuple(row for row, ok in enumerate(right) if not ok)[:10]
        assert smallest is not None
        assert claim.margin == below(smallest)
        if not all(right):
            assert not certificate.holds("portable")
            assert not certificate.certified
        tried += 1
        wrong += not all(right)
        portable += certificate.holds("portable")
    assert tried > 100
    assert tried / 10 < wrong < tried
    assert portable > tried / 10 or dtype == "exact"


def codes(network: Network, data: DataSet) -> np.ndarray:
    """The codes that the network has for the data's labels."""
    listed = network.decision.listed
    assert listed is not None
    assert data.labels is not None
    if isinstance(network.decision, Columns):
        rows = data.labels[data.codes].tolist()
        return np.array(
            [[own.index(v) for own, v in zip(listed, row, strict=True)] for row in rows]
        )
    place = {label: code for code, label in enumerate(listed)}
    return np.array([place[v] for v in data.labels[data.codes].tolist()])
