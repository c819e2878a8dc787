"""Small networks that memorize, built by hand along one projection, and all their neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rote.data import DataSet
from rote.data.joint import beside, split
from rote.network import (
    Affine,
    ArgMax,
    Bits,
    Columns,
    Layer,
    Nearest,
    Network,
    Residual,
    Sign,
    Value,
)
from rote.network.activation import HARD_TANH, IDENTITY, RELU, THRESHOLD, leaky
from rote.typing import Array, DType


def table(n: int = 7, classes: int = 3, *, seed: int = 0, real: bool = False) -> DataSet:
    """Small integer points whose projections on (3, 1) differ, with every class."""
    rng = np.random.default_rng(seed)
    c = rng.choice(np.arange(-9, 10), n, replace=False)
    X = np.stack([c // 3, c % 3], axis=1)
    if real:
        return DataSet.from_arrays(X, np.round(rng.standard_normal(n), 3), task="real")
    y = np.append(np.arange(classes), rng.integers(0, classes, n - classes))[:n]
    return DataSet.from_arrays(X, y)


def two_columns(n: int = 9, *, seed: int = 0) -> DataSet:
    """Such points with a word of three and a truth value each."""
    words = np.array(["no", "perhaps", "yes"])
    points = table(n, seed=seed)
    assert points.codes is not None
    truths = np.random.default_rng(seed).integers(0, 2, n) > 0
    return DataSet.from_arrays(points.points, beside([words[points.codes], truths]))


def _sorted_projection(data: DataSet) -> tuple[Array, Array]:
    c = data.points.astype(np.float64) @ [3.0, 1.0]
    order = np.argsort(c)
    values = data.codes if data.targets is None else data.targets[:, 0]
    assert values is not None
    return c[order], values[order].astype(np.float64)


def _arrays(dtype: DType, *values: object) -> list[Array]:
    if dtype == "exact":
        return [np.array(np.vectorize(int, otypes=[object])(v), object) for v in values]
    return [np.asarray(v, dtype) for v in values]


def interpolation(data: DataSet, dtype: DType = "float32") -> Network:
    """One hidden ReLU layer with a shared row: the broken line through all values."""
    c, y = _sorted_projection(data)
    slope = np.diff(y) / np.diff(c)
    w, b, a, a0 = _arrays(dtype, [[3, 1]], -c[:-1], [np.diff(slope, prepend=0)], y[:1])
    decision = Nearest(data.labels) if data.labels is not None else Value(1e-2)
    return Network((Affine(w, b, RELU), Affine(a, a0)), decision, dtype)


def columns(data: DataSet, dtype: DType = "float32") -> Network:
    """Threshold units between the points, which two label columns share; one output for each."""
    c = data.points.astype(np.float64) @ [3.0, 1.0]
    order = np.argsort(c)
    assert data.labels is not None
    assert data.codes is not None
    each = split(data.labels)
    codes = np.stack([own for _, own in each], axis=1)[data.codes][order]
    middle = c[order][:-1] + c[order][1:]
    w, b, a, a0 = _arrays(dtype, [[6, 2]], -middle, np.diff(codes, axis=0).T, codes[0])
    decision = Columns(tuple(labels for labels, _ in each))
    return Network((Affine(w, b, THRESHOLD), Affine(a, a0)), decision, dtype)


def lookup(data: DataSet, dtype: DType = "float32") -> Network:
    """Threshold units between the points; one output per class."""
    c, y = _sorted_projection(data)
    assert data.labels is not None
    one_hot = 2.0 * (y[:, None] == np.arange(len(data.labels)))
    middle = c[:-1] + c[1:]  # twice the middle, with the row doubled, stays an integer
    w, b, a, a0 = _arrays(dtype, [[6, 2]], -middle, np.diff(one_hot, axis=0).T, one_hot[0])
    return Network((Affine(w, b, THRESHOLD), Affine(a, a0)), ArgMax(data.labels), dtype)


def saturated(data: DataSet, dtype: DType = "float32") -> Network:
    """A real projection, steps relu(1 - relu(t)), and integers behind them."""
    c, y = _sorted_projection(data)
    assert data.labels is not None
    k = max(1, (len(data.labels) - 1).bit_length())
    bits = (y[:, None].astype(int) >> np.arange(k)) & 1
    scale = 1 / 3 if dtype != "exact" else 1  # no power of two: every sum of the first layer rounds
    first = _arrays(dtype, np.array([[3, 1]]) * scale, [16 * scale])
    # t = 8 (c - middle) / 3 and far from 0 at every point; the step is 1 where t <= 0.
    middle = (c[:-1] + c[1:]) / 2 + 16
    n = len(middle)
    second = _arrays(dtype, np.full((n, 1), 8), -8 * scale * middle)
    third = _arrays(dtype, -np.eye(n), np.ones(n))
    last = _arrays(dtype, -np.diff(bits, axis=0).T, bits[-1])
    layers = (
        Affine(*first),
        Affine(*second, RELU),
        Affine(*third, RELU),
        Affine(*last),
    )
    return Network(layers, Bits(data.labels), dtype)


def mixed(data: DataSet, dtype: DType = "float32", *, seed: int = 3) -> Network:
    """Random small weights, a residual block and every piecewise-linear activation."""
    rng = np.random.default_rng(seed)

    def affine(inputs: int, outputs: int, activation: object) -> Affine:
        weight, bias = rng.integers(-8, 9, (outputs, inputs)), rng.integers(-8, 9, outputs)
        scale = 1 if dtype == "exact" else 0.3
        return Affine(*_arrays(dtype, weight * scale, bias * scale), activation)  # type: ignore[arg-type]

    kinds = (RELU, leaky(0.25), HARD_TANH, THRESHOLD, IDENTITY)
    layers: tuple[Layer, ...] = (
        affine(data.d, 5, kinds),
        Residual((affine(5, 3, RELU), affine(3, 5, IDENTITY))),
        affine(5, 1, IDENTITY),
    )
    return Network(layers, Sign(np.array([0, 1])), dtype)


def changes(value: float, dtype: DType) -> Iterator[float | int]:
    """Other values of one weight: next to it, near it, of the other sign, zero, far away."""
    if dtype == "exact":
        yield from (value + 1, value - 1, -value, 0, 2 * value, value + 10**6)
        return
    here = np.dtype(dtype).type(value)
    yield from (float(np.nextafter(here, side)) for side in (np.inf, -np.inf))
    factors = (1 + 2.0**-10, 1 - 2.0**-10, 1.25, -1.0, 0.0, 2.0, 2.0**40)
    yield from (float(here * np.dtype(dtype).type(f)) for f in factors)
    yield float(here) + 0.5


def neighbours(network: Network) -> Iterator[Network]:
    """Every network with one weight or bias changed."""
    for i, layer in enumerate(network.layers):
        body = layer.body if isinstance(layer, Residual) else (layer,)
        for j, affine in enumerate(body):
            for changed in _changed(affine, network.dtype):
                parts = (*body[:j], changed, *body[j + 1 :])
                one = Residual(parts) if isinstance(layer, Residual) else parts[0]
                layers = (*network.layers[:i], one, *network.layers[i + 1 :])
                yield replace(network, layers=layers)


def _changed(layer: Affine, dtype: DType) -> Iterator[Affine]:
    for name in ("weight", "bias"):
        tensor = getattr(layer, name)
        for index in np.ndindex(tensor.shape):
            for value in changes(tensor[index], dtype):
                other = tensor.copy()
                other[index] = value
                if other[index] != tensor[index]:
                    yield replace(layer, **{name: other})
