"""Hypothesis strategies that all tests share: arrays, data sets and networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rote.data import DataSet
from rote.data.joint import beside
from rote.network import (
    Affine,
    ArgMax,
    Bits,
    Columns,
    Decision,
    Layer,
    Nearest,
    Network,
    Provenance,
    Residual,
    Sign,
    Value,
)
from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    SOFTPLUS,
    TANH,
    THRESHOLD,
    Activation,
    leaky,
    power,
)
from rote.typing import Array, DType, Task

PIECEWISE_LINEAR = (IDENTITY, RELU, HARD_TANH, THRESHOLD, leaky(0.01), leaky(0.25), leaky(0.0))
POWERS = (power(1), power(2), power(3))
SMOOTH = (TANH, SIGMOID, GELU, SILU, SOFTPLUS, SIN)
ALL_ACTIVATIONS = PIECEWISE_LINEAR + POWERS + SMOOTH

DTYPES: tuple[DType, ...] = ("float32", "float64", "exact")
FLOAT_DTYPES: tuple[DType, ...] = ("float32", "float64")


def finite_floats(dtype: DType, largest: float | None = None) -> st.SearchStrategy[float]:
    """Floats of a dtype, subnormal ones and signed zeros included."""
    width = 32 if dtype == "float32" else 64
    bounds = {} if largest is None else {"min_value": -largest, "max_value": largest}
    return st.floats(width=width, allow_nan=False, allow_infinity=False, **bounds)


def tame_floats(dtype: DType) -> st.SearchStrategy[float]:
    """Floats whose products and short sums neither overflow nor underflow: dyadic, up to 8."""
    bits = 10 if dtype == "float32" else 20
    return st.integers(-8 << bits, 8 << bits).map(lambda m: m / (1 << bits))


def numbers(dtype: DType) -> st.SearchStrategy[float | int]:
    """Weights of a dtype: tame floats, or integers that are sometimes long."""
    if dtype == "exact":
        return st.one_of(st.integers(-9, 9), st.integers(-(10**30), 10**30))
    return st.one_of(st.integers(-3, 3).map(float), tame_floats(dtype))


@st.composite
def tensors(
    draw: st.DrawFn,
    shape: tuple[int, ...],
    dtype: DType = "float64",
    elements: st.SearchStrategy[float | int] | None = None,
) -> Array:
    """An array of a dtype; Python integers (dtype object) for ``exact``."""
    size = int(np.prod(shape))
    entries = numbers(dtype) if elements is None else elements
    values = draw(st.lists(entries, min_size=size, max_size=size))
    array = np.empty(size, dtype=object if dtype == "exact" else dtype)
    array[:] = values
    return array.reshape(shape)


@st.composite
def affine_layers(
    draw: st.DrawFn,
    inputs: int,
    outputs: int,
    dtype: DType = "float64",
    activations: Sequence[Activation] = PIECEWISE_LINEAR,
    *,
    linear: bool = False,
    elements: st.SearchStrategy[float | int] | None = None,
) -> Affine:
    """An affine layer: sometimes with a shared row, one activation or one per unit."""
    shared = outputs > 1 and draw(st.booleans())
    kind = st.sampled_from([IDENTITY] if linear else list(activations))
    per_unit = st.tuples(*[kind] * outputs)
    return Affine(
        draw(tensors((1 if shared else outputs, inputs), dtype, elements)),
        draw(tensors((outputs,), dtype, elements)),
        draw(st.one_of(kind, per_unit)),
        draw(st.integers(-6, 6)) if dtype == "exact" else 0,
    )


@st.composite
def layer_chains(
    draw: st.DrawFn,
    inputs: int,
    outputs: int,
    dtype: DType = "float64",
    activations: Sequence[Activation] = PIECEWISE_LINEAR,
    *,
    max_layers: int = 3,
    max_width: int = 4,
    residual: bool = True,
    elements: st.SearchStrategy[float | int] | None = None,
) -> tuple[Layer, ...]:
    """Layers from ``inputs`` to ``outputs``, some of them residual blocks."""
    widths = draw(st.lists(st.integers(1, max_width), max_size=max_layers - 1))
    chain: list[Layer] = []
    before = inputs
    for width in [*widths, outputs]:
        if residual and draw(st.integers(0, 3)) == 0:
            inner = draw(st.integers(1, max_width))
            parts = [(before, inner), (inner, before)] if draw(st.booleans()) else [(before,) * 2]
            body = [affine_layers(a, b, dtype, activations, elements=elements) for a, b in parts]
            chain.append(Residual(tuple(draw(f) for f in body)))
        chain.append(draw(affine_layers(before, width, dtype, activations, elements=elements)))
        before = width
    return tuple(chain)


labels = st.one_of(
    st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=5, unique=True),
    st.lists(st.text(max_size=4), min_size=1, max_size=5, unique=True),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5, unique=True),
    st.just([False, True]),
    st.just([-1, "minus one", 1.5]),
)
"""Lists of different labels: integers, strings, floats, booleans, and of several types."""


def label_array(values: Sequence[object]) -> Array:
    """Labels as a decision holds them: of numpy's own dtype where they have one type."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    types = {type(v) for v in values}
    if types <= {int} or types <= {bool} or types <= {float}:
        return np.array(values)
    if types <= {str} and not any(str(v).endswith("\0") for v in values):
        return np.array(values)
    return array


@st.composite
def label_tables(draw: st.DrawFn) -> Array:
    """Different rows of two or three labels, each column of one kind."""
    columns = draw(st.lists(labels, min_size=2, max_size=3))
    row = st.tuples(*(st.integers(0, len(column) - 1) for column in columns))
    rows = draw(st.lists(row, min_size=1, max_size=5, unique=True))
    codes = np.array(rows).T
    return beside([label_array(c)[own] for c, own in zip(columns, codes, strict=True)])


@st.composite
def decisions(draw: st.DrawFn) -> tuple[Decision, int]:
    """A decision and the number of outputs that it needs."""
    if draw(st.integers(0, 4)) == 0:
        columns = draw(st.lists(labels, min_size=2, max_size=3))
        return Columns(tuple(map(label_array, columns))), len(columns)
    array = draw(label_tables()) if draw(st.integers(0, 3)) == 0 else label_array(draw(labels))
    count = len(array)
    options: list[tuple[Decision, int]] = [
        (Nearest(array), 1),
        (ArgMax(array), count),
        (Bits(array), max(1, (count - 1).bit_length())),
        (Value(draw(st.sampled_from([0.5, 1e-6, 0.1]))), draw(st.integers(1, 3))),
    ]
    if count == 2:
        options.append((Sign(array), 1))
    return draw(st.sampled_from(options))


@st.composite
def networks(
    draw: st.DrawFn,
    dtype: DType | None = None,
    activations: Sequence[Activation] = PIECEWISE_LINEAR,
    *,
    inputs: int | None = None,
    max_layers: int = 3,
    max_width: int = 4,
    residual: bool = True,
    decision: Decision | None = None,
    outputs: int | None = None,
) -> Network:
    """A small random network; a ``decision`` that is given comes with its ``outputs``."""
    chosen = dtype or draw(st.sampled_from(DTYPES))
    if decision is None:
        decision, outputs = draw(decisions())
    assert outputs is not None
    chain = draw(
        layer_chains(
            inputs or draw(st.integers(1, 4)),
            outputs,
            chosen,
            activations,
            max_layers=max_layers,
            max_width=max_width,
            residual=residual,
        )
    )
    provenance = draw(st.sampled_from([Provenance(), Provenance("zhang2017", 7, "d1" * 32)]))
    return Network(chain, decision, chosen, provenance)


@st.composite
def points(draw: st.DrawFn, inputs: int, dtype: DType = "float64", *, max_points: int = 5) -> Array:
    """Points (n, d) of tame floats of a dtype; float64 for ``exact``."""
    kind: DType = "float64" if dtype == "exact" else dtype
    n = draw(st.integers(1, max_points))
    return draw(tensors((n, inputs), kind, tame_floats(kind)))


@st.composite
def data_sets(
    draw: st.DrawFn,
    task: Task | None = None,
    *,
    min_points: int = 1,
    max_points: int = 12,
    max_features: int = 4,
    classes: int | None = None,
    max_outputs: int = 2,
    max_columns: int = 1,
    elements: st.SearchStrategy[float] | None = None,
) -> DataSet:
    """Distinct points of dyadic coordinates with labels.

    With ``classes`` every label from 0 to ``classes`` - 1 may occur, not all of them need to; else
    labels are of any kind, and with ``max_columns`` up to so many for each point. Real targets are
    dyadic as well.
    """
    n = draw(st.integers(min_points, max_points))
    d = draw(st.integers(1, max_features))
    coordinate = st.integers(-64, 64).map(lambda m: m / 8) if elements is None else elements
    rows = st.lists(st.tuples(*[coordinate] * d), min_size=n, max_size=n, unique=True)
    X = np.array(draw(rows), dtype=np.float64).reshape(n, d)
    chosen: Task = task or draw(st.sampled_from(("classes", "real")))
    if chosen == "real":
        k = draw(st.integers(1, max_outputs))
        y = draw(hnp.arrays(np.float64, (n, k), elements=tame_floats("float32")))
        return DataSet.from_arrays(X, y, task="real")
    columns = []
    for _ in range(draw(st.integers(1, max_columns))):
        names = label_array(range(classes) if classes else draw(labels))
        codes = draw(st.lists(st.integers(0, len(names) - 1), min_size=n, max_size=n))
        columns.append(names[codes])
    y = columns[0] if len(columns) == 1 else beside(columns)
    return DataSet.from_arrays(X, y, task="classes")
