r"""The piecewise linear function through sorted points: n - 1 ReLUs that share one weight row.

With slopes $m_j = (y_{j+1} - y_j) / (c_{j+1} - c_j)$ between neighbours and $m_0 = 0$ it is
$f = y_1 + \sum_{j<n} (m_j - m_{j-1}) \sigma(u \cdot x - c_j)$, for several outputs at once. Slopes
are rounded to a common grid, so that their differences are exact and errors do not add up.
"""

from __future__ import annotations

import numpy as np

from rote.constructions._gadgets.projection import Projection
from rote.network import Affine, Layer
from rote.network.activation import RELU
from rote.typing import Array, DType, Floats

__all__ = ["interpolant", "sum_of_terms"]


def _slopes(c: Floats, y: Floats) -> Floats:
    """The slopes m_j between neighbours, shape (n - 1, k)."""
    with np.errstate(over="ignore"):
        return np.diff(y, axis=0) / np.diff(c)[:, None]


def sum_of_terms(line: Projection, target: Array) -> float:
    """Sum of the absolute terms of f at the last point: rounding errors are in proportion to it."""
    c = line.c
    m = _slopes(c, target.reshape(len(c), -1).astype(np.float64))
    jumps = np.abs(np.diff(m, axis=0, prepend=0.0)).max(axis=1, initial=0.0)
    return float(jumps @ (c[-1] - c[:-1]))


def interpolant(line: Projection, y: Floats, dtype: DType) -> tuple[Layer, ...]:
    """The function as layers.

    Args:
        line: The points on a line.
        y: Their values, in the order of the line, shape (n, k).
        dtype: float32 or float64.

    Returns:
        A hidden and an output layer; the output layer alone where all values are equal.
    """
    m = _on_grid(_slopes(line.c, y), 24 if dtype == "float32" else 53)
    jumps = np.diff(m, axis=0, prepend=0.0)
    used = np.flatnonzero(jumps.any(axis=1))
    with np.errstate(over="ignore"):  # a layer refuses what has become infinite
        if not used.size:
            return (Affine(np.zeros((y.shape[1], len(line.u)), dtype), y[0].astype(dtype)),)
        hidden = Affine(line.u[None].astype(dtype), -line.c[used].astype(dtype), RELU)
        return hidden, Affine(jumps[used].T.astype(dtype), y[0].astype(dtype))


def _on_grid(m: Floats, precision: int) -> Floats:
    """Round to multiples of one power of two, so coarse that all differences are exact."""
    largest = np.abs(m).max(initial=0.0)
    if not 0 < largest < np.inf:
        return m
    grid = int(np.frexp(largest)[1]) + 1 - precision
    return np.asarray(np.ldexp(np.rint(np.ldexp(m, -grid)), grid))
