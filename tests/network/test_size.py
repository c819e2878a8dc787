"""Size: counted from the network, compared with a promise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from rote.network import Affine, Nearest, Network, Residual, Size, Value
from rote.network.activation import IDENTITY, RELU
from strategies import networks

LABELS = np.array([0, 1])


def network(*layers: Affine | Residual, dtype: str = "float64") -> Network:
    return Network(layers, Nearest(LABELS), dtype)


def test_shared_row_and_residual_block() -> None:
    first = Affine(np.array([[1.0, 0.0]]), np.array([0.0, 1.0, -300.0]), (RELU, RELU, IDENTITY))
    block = Residual(
        (Affine(np.ones((4, 3)), np.zeros(4), RELU), Affine(np.ones((3, 4)), np.ones(3)))
    )
    last = Affine(np.full((1, 3), 0.1), np.zeros(1))
    size = network(first, block, last).size
    assert size == Size(
        depth=2,
        widths=(3, 4),
        neurons=7,
        parameters=5 + 16 + 15 + 4,
        nonzero=3 + 12 + 15 + 3,
        weight_bits=64,
        largest_weight=300.0,
        total_weight=None,
        stored_bytes=2 + 24 + 16 + 15 + 24 + 1,
    )


@given(networks())
def test_counts(net: Network) -> None:
    size = net.size
    tensors = [t for f in net.affine_layers for t in (f.weight, f.bias)]
    entries = [
        (v, f.exponent) for f in net.affine_layers for t in (f.weight, f.bias) for v in t.flat
    ]
    assert size.parameters == len(entries)
    assert size.nonzero == sum(v != 0 for v, _ in entries)
    assert size.depth == sum(not f.linear for f in net.affine_layers)
    assert size.neurons == sum(size.widths)
    largest = max(
        abs(Fraction(v if isinstance(v, int) else float(v))) * Fraction(2) ** e for v, e in entries
    )
    assert size.largest_weight == float(largest)
    assert size.stored_bytes <= sum(t.nbytes for t in tensors) or net.dtype == "exact"
    if net.dtype == "exact":
        assert size.weight_bits == 1 + max(abs(v).bit_length() for v, _ in entries)
    assert not size.exceeds(size)


def test_total_weight_of_one_hidden_layer() -> None:
    hidden = Affine(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([0.0, -2.0]), RELU)
    last = Affine(np.array([[-2.0, 5.0]]), np.array([7.0]))
    assert network(hidden, last).size.total_weight == 2 * 5 + 5 * 2


@pytest.mark.parametrize("shared", [False, True])
def test_total_weight_folds_linear_layers_and_shared_rows(shared: bool) -> None:
    row = np.array([[3.0, 4.0]])
    front = Affine(row if shared else row.repeat(2, axis=0), np.array([0.0, 1.0]))
    hidden = Affine(np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([-1.0, 0.0]), RELU)
    last = Affine(np.array([[1.0, 10.0]]), np.zeros(1))
    # The units see 2 (3, 4) x + 1 - 1 and 2 (3, 4) x: both of norm 10 and bias 0.
    assert network(front, hidden, last).size.total_weight == 110.0
    wide = Affine(row, np.array([0.0, 0.0]), RELU)
    assert network(wide, last).size.total_weight == 55.0


def test_total_weight_of_exact_networks() -> None:
    hidden = Affine(np.array([[3]], dtype=object), np.array([4], dtype=object), RELU, exponent=-1)
    last = Affine(np.array([[-2]], dtype=object), np.array([10**400], dtype=object))
    size = network(hidden, last, dtype="exact").size
    assert size.total_weight == 5.0
    assert size.largest_weight == np.inf
    tall = Affine(np.array([[10**400]], dtype=object), np.array([0], dtype=object), exponent=-1000)
    assert network(hidden, tall, dtype="exact").size.largest_weight == float(
        Fraction(10**400, 2**1000)
    )
    assert (
        network(
            hidden,
            Affine(np.array([[10**400]], dtype=object), np.array([0], dtype=object)),
            dtype="exact",
        ).size.total_weight
        == np.inf
    )


def test_no_total_weight_beyond_one_hidden_layer_and_one_output() -> None:
    hidden = Affine(np.ones((1, 1)), np.ones(1), RELU)
    last = Affine(np.ones((1, 1)), np.ones(1))
    assert network(hidden, hidden, last).size.total_weight is None
    assert network(last).size.total_weight is None
    assert network(hidden).size.total_weight is None
    two = Affine(np.ones((2, 1)), np.ones(2))
    assert Network((hidden, two), Value(0.5)).size.total_weight is None
    assert network(Residual((last,)), hidden, last).size.total_weight is None


def test_exceeds() -> None:
    promise = Size(depth=2, widths=(3, 5), parameters=10, largest_weight=1.0)
    assert not Size(depth=2, widths=(3, 5), parameters=10, largest_weight=1.0).exceeds(promise)
    assert not Size(depth=1, widths=(3,), parameters=9, largest_weight=0.5, neurons=99).exceeds(
        promise
    )
    assert Size(depth=3, widths=(3, 6), parameters=11, largest_weight=1.5).exceeds(promise) == [
        "depth",
        "widths",
        "parameters",
        "largest_weight",
    ]
    assert Size(depth=2, widths=(1, 1, 1), parameters=1, largest_weight=0).exceeds(promise) == [
        "widths"
    ]


def test_a_promised_quantity_without_a_measure_is_not_kept() -> None:
    assert Size(depth=1).exceeds(Size(total_weight=5.0)) == ["total_weight"]
