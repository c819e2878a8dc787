"""The laws of composition, without rounding: compared by ==."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import outputs as literal
from rote.errors import OptionError
from rote.network import Activation, Affine, Nearest, Network, Residual
from rote.network.activation import IDENTITY, RELU, THRESHOLD
from rote.network.compose import in_parallel, in_series, merged, with_carry, written_out
from rote.network.exact import evaluate_layers
from rote.network.layer import Layer
from rote.typing import DType
from strategies import (
    DTYPES,
    PIECEWISE_LINEAR,
    POWERS,
    affine_layers,
    layer_chains,
    points,
)

EXACT = PIECEWISE_LINEAR + POWERS
sizes = st.integers(1, 3)


def chains(inputs: int, outputs: int, dtype: DType) -> st.SearchStrategy[tuple[Layer, ...]]:
    return layer_chains(inputs, outputs, dtype, EXACT, max_width=3)


@dataclass(frozen=True)
class Chain:
    """What the oracle needs of a network."""

    layers: tuple[Layer, ...]


def parameters(layers: tuple[Layer, ...]) -> int:
    return sum(
        f.weight.size + f.bias.size
        for k in layers
        for f in (k.body if isinstance(k, Residual) else (k,))
    )


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), sizes, sizes, sizes)
def test_in_series(dtype: DType, data: st.DataObject, a: int, b: int, c: int) -> None:
    f, g = data.draw(chains(a, b, dtype)), data.draw(chains(b, c, dtype))
    x = data.draw(points(a, dtype))
    whole = in_series(f, g)
    middle = evaluate_layers(f, x).tolist()
    assert evaluate_layers(whole, x).tolist() == [literal(Chain(g), point) for point in middle]
    assert parameters(whole) <= parameters(f) + parameters(g)
    assert len(whole) in (len(f) + len(g), len(f) + len(g) - 1)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), sizes, sizes, sizes)
def test_in_parallel_on_one_input(
    dtype: DType, data: st.DataObject, a: int, b: int, c: int
) -> None:
    f, g = data.draw(chains(a, b, dtype)), data.draw(chains(a, c, dtype))
    x = data.draw(points(a, dtype))
    both = evaluate_layers(in_parallel(f, g), x)
    assert both.tolist() == np.hstack([evaluate_layers(f, x), evaluate_layers(g, x)]).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), st.lists(st.tuples(sizes, sizes), min_size=1, max_size=3))
def test_in_parallel_on_inputs_of_their_own(
    dtype: DType, data: st.DataObject, shapes: list[tuple[int, int]]
) -> None:
    parts = [data.draw(chains(a, b, dtype)) for a, b in shapes]
    x = data.draw(points(sum(a for a, _ in shapes), dtype))
    own = np.split(x, np.cumsum([a for a, _ in shapes])[:-1], axis=1)
    each = [evaluate_layers(f, h) for f, h in zip(parts, own, strict=True)]
    assert (
        evaluate_layers(in_parallel(*parts, disjoint=True), x).tolist() == np.hstack(each).tolist()
    )


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), sizes, sizes)
def test_with_carry(dtype: DType, data: st.DataObject, a: int, b: int) -> None:
    f, x = data.draw(chains(a, b, dtype)), data.draw(points(a, dtype))
    columns = data.draw(st.lists(st.integers(0, a - 1), min_size=1, max_size=3))
    passed = evaluate_layers((Affine(np.eye(a), np.zeros(a)),), x)[:, columns]
    wanted = np.hstack([evaluate_layers(f, x), passed])
    assert evaluate_layers(with_carry(f, columns), x).tolist() == wanted.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), sizes, sizes)
def test_written_out(dtype: DType, data: st.DataObject, a: int, b: int) -> None:
    f, x = data.draw(chains(a, b, dtype)), data.draw(points(a, dtype))
    plain = written_out(f)
    assert all(isinstance(layer, Affine) for layer in plain)
    assert evaluate_layers(plain, x).tolist() == evaluate_layers(f, x).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), sizes, sizes, sizes)
def test_merged_is_one_layer_or_none(
    dtype: DType, data: st.DataObject, a: int, b: int, c: int
) -> None:
    small = st.integers(-5, 5) if dtype == "exact" else st.integers(-20, 20).map(lambda m: m / 4)
    first = data.draw(affine_layers(a, b, dtype, linear=True, elements=small))
    second = data.draw(affine_layers(b, c, dtype, EXACT, elements=small))
    one = merged(first, second)
    if one is None:  # small dyadic numbers are never lost
        rows = len(second.weight)
        assert rows * a + c > parameters((first, second))
        return
    assert parameters((one,)) <= parameters((first, second))
    assert one.shared == (second.shared and c > 1)
    x = data.draw(points(a, dtype))
    assert evaluate_layers((one,), x).tolist() == evaluate_layers((first, second), x).tolist()


def layer(
    weight: list[list[float]],
    bias: list[float],
    activation: Activation = IDENTITY,
    dtype: str = "float64",
) -> Affine:
    return Affine(np.array(weight, dtype), np.array(bias, dtype), activation)


def test_series_merges_linear_layers() -> None:
    first = layer([[1, 2], [3, 4]], [5, 6])
    second = layer([[1, -1]], [0.5], RELU)
    (one,) = in_series((first,), (second,))
    assert (one.weight.tolist(), one.bias.tolist(), one.activation) == ([[-2, -2]], [-0.5], RELU)


NOT_MERGED = {
    "the product of two long significands": (layer([[0.1]], [0]), layer([[0.1]], [0])),
    "the sum of two biases": (layer([[1.0]], [1e-30]), layer([[1]], [1])),
    "overflow": (layer([[2.0**600]], [0]), layer([[2.0**600]], [0])),
    "underflow": (layer([[2.0**-600]], [0]), layer([[2.0**-600]], [0])),
    "more bits than float32 has": (
        layer([[1]], [2**24 - 1], dtype="float32"),
        layer([[1]], [2], dtype="float32"),
    ),
    "more parameters": (layer([[1, 2, 3]], [0]), layer([[1], [2], [3]], [0, 0, 0])),
    "an activation between": (layer([[1]], [0], RELU), layer([[1]], [0])),
}


@pytest.mark.parametrize(("first", "second"), NOT_MERGED.values(), ids=NOT_MERGED)
def test_what_is_not_merged(first: Affine, second: Affine) -> None:
    assert merged(first, second) is None
    assert in_series((first,), (second,)) == (first, second)


def test_exponents_beyond_the_limit_are_not_merged() -> None:
    one = np.array([[1]], dtype=object)
    far = Affine(one, one[0], exponent=-(1 << 20))
    assert merged(far, far) is None


def test_identical_shared_rows_stay_shared() -> None:
    row = np.array([[3.0, 1.0]])
    f = (Affine(row, np.array([1.0, 2.0]), RELU), layer([[1, 1]], [0]))
    g = (Affine(row, np.array([5.0]), THRESHOLD), layer([[7]], [0]))
    both = in_parallel(f, g)
    assert both[0].weight.tolist() == [[3, 1]]
    assert both[0].bias.tolist() == [1, 2, 5]
    assert both[1].weight.tolist() == [[1, 1, 0], [0, 0, 7]]
    apart = in_parallel(f, g, disjoint=True)
    assert apart[0].weight.tolist() == [[3, 1, 0, 0]] * 2 + [[0, 0, 3, 1]]


def test_blocks_in_the_same_places_stay_blocks() -> None:
    block = Residual((layer([[1, 2]], [0], RELU), layer([[1], [1]], [0, 0])))
    start, end = layer([[1], [2]], [0, 0]), layer([[1, 1]], [0])
    both = in_parallel((start, block, end), (start, block))
    assert [type(k) for k in both] == [Affine, Residual, Affine]
    carried = with_carry((start, block, end), [0])
    assert [type(k) for k in carried] == [Affine, Residual, Affine]
    first = in_parallel((block,), (block, end))
    assert [type(k) for k in first] == [Affine, Residual, Affine]
    mixed = in_parallel((start, block, end), (start, end, layer([[1]], [0], RELU)))
    assert all(isinstance(k, Affine) for k in mixed)


def test_a_carry_is_exact_in_floats() -> None:
    rng = np.random.default_rng(0)
    f = (
        Affine(rng.standard_normal((5, 3)), rng.standard_normal(5), RELU),
        Affine(rng.standard_normal((4, 5)), rng.standard_normal(4), RELU),
        Affine(rng.standard_normal((1, 4)), rng.standard_normal(1)),
    )
    h = x = rng.standard_normal((50, 3))
    for step in with_carry(f, [2, 0]):
        h = step(h)
    assert np.array_equal(h[:, 1:], x[:, [2, 0]])


def test_a_composition_makes_a_network() -> None:
    f = (layer([[1, 0]], [0], RELU, "float32"),)
    g = (layer([[0, 1]], [0], RELU, "float32"),)
    whole = in_series(in_parallel(f, g), (layer([[1, 1]], [0], dtype="float32"),))
    network = Network(whole, Nearest(np.array([0, 1, 2])), "float32")
    assert network.predict(np.array([[1, 1], [0, 1], [-1, -1]])).tolist() == [2, 1, 0]


def exact(value: int) -> Affine:
    return Affine(np.array([[value]], dtype=object), np.array([0], dtype=object))


F, G = (layer([[1, 1]], [0], RELU),), (layer([[1]], [0], RELU),)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: in_series(F, F, G), "Layer 1 takes 2 values, but layer 0 returns 1"),
        (in_series, "must have one dtype, not none"),
        (lambda: in_series(G, (exact(1),)), "one dtype, not float64 and object"),
        (lambda: in_parallel(F, G), "must take equally many, not 1 and 2"),
        (lambda: in_parallel(F, ()), "at least one layer"),
        (lambda: in_parallel(F, (*F, *F)), "Layer 1 takes 2 values"),
        (lambda: in_parallel(G, (exact(1),)), "one dtype, not float64 and object"),
        (lambda: with_carry(F, [2]), "must lie in 0 to 1, not \\[2\\]"),
        (lambda: with_carry(F, []), "must lie in 0 to 1, not \\[\\]"),
        (lambda: with_carry((), [0]), "at least one layer"),
    ],
)
def test_parts_that_do_not_fit(call: Callable[[], object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        call()
