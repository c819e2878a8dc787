r"""One hidden ReLU layer: points in a common frame, units gathered into two layers.

Constructions with one hidden layer work on points moved to mean 0 and root mean square norm about
1, with a constant 1 appended (*lifted*): an affine function is then one row of d + 1 numbers, and
tolerances mean the same for all data. :func:`assemble` moves the rows back to the data's own
coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Affine, Decision, Layer, Network, Value
from rote.network.activation import RELU
from rote.typing import Array, DType, Floats, Integers

__all__ = ["Frame", "Units", "assemble", "balanced", "interleaved", "refuse_unfit"]

_LANES = 16
"""Units that a vectorized sum treats alike: float32 lanes of a 512-bit register. Ours."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The map from points x to (x - centre) / scale.

    Attributes:
        points: The moved points with a 1 appended, shape (n, d + 1).
        centre: Shape (d,).
        scale: A power of two.
    """

    points: Floats
    centre: Floats
    scale: float

    @classmethod
    def of(cls, points: Array) -> Frame:
        """The frame in which points of shape (n, d) have mean 0 and root mean square norm near 1.

        Args:
            points: Finite, distinct if there are several.

        Returns:
            The frame.
        """
        x = points.astype(np.float64)
        centre = x.mean(axis=0)
        moved = x - centre
        size = float(np.sqrt(np.square(moved).sum(axis=1).mean()))
        scale = 2.0 ** np.rint(np.log2(size)) if size > 0 else 1.0
        return cls(np.hstack([moved / scale, np.ones((len(x), 1))]), centre, float(scale))

    @cached_property
    def radius(self) -> float:
        """Largest norm of a lifted point."""
        return float(np.sqrt(np.square(self.points).sum(axis=1).max()))

    def plain(self, rows: Floats) -> tuple[Floats, Floats]:
        """Weights (m, d) and biases (m,) on the data of affine functions given as lifted rows.

        Args:
            rows: Shape (m, d + 1).

        Returns:
            Weights and biases with ``W x + b = rows . lifted(x)``.
        """
        weight = rows[:, :-1] / self.scale
        return weight, rows[:, -1] - weight @ self.centre


@dataclass(frozen=True, eq=False)
class Units:
    """ReLU units of one output.

    Attributes:
        weight: Shape (m, d).
        bias: Shape (m,).
        output: Output weights, shape (m,).
    """

    weight: Floats
    bias: Floats
    output: Floats


def balanced(units: Units) -> Units:
    r"""The same function with rows and output weights of about equal size.

    relu is positively homogeneous, so a row times $2^k$ and its output weight times $2^{-k}$ change
    nothing, not even rounding; but the largest weight becomes its square root.

    Args:
        units: Any units.

    Returns:
        Units with the same outputs on every input.
    """
    norm = np.sqrt(np.square(units.weight).sum(axis=1) + np.square(units.bias))
    ratio = np.abs(units.output) / np.where(norm > 0, norm, 1.0)
    power = np.rint(np.log2(np.where(ratio > 0, ratio, 1.0)) / 2).astype(np.int64)
    return Units(
        np.ldexp(units.weight, power[:, None]),
        np.ldexp(units.bias, power),
        np.ldexp(units.output, -power),
    )


def interleaved(tuples: int, members: int) -> Integers:
    """An order of ``members`` x ``tuples`` units that keeps cancelling terms close in a sum.

    The units come member by member: unit ``j * tuples + i`` is member j of tuple i. Terms of one
    tuple nearly cancel. In this order they follow one another at a distance of 16 (fewer at the
    end), so partial sums stay small whether a sum runs in sequence or in 2 to 16 lanes. Measured:
    5 to 30 times smaller error than member by member. Ours.

    Args:
        tuples: Number of tuples.
        members: Units in each.

    Returns:
        A permutation, shape (members * tuples,).
    """
    i = np.arange(tuples)
    group = np.tile(i // _LANES, members)
    member = np.repeat(np.arange(members), tuples)
    return np.lexsort((np.tile(i, members), member, group))


def assemble(
    outputs: Sequence[Units], offset: npt.ArrayLike, d: int, dtype: DType
) -> tuple[Layer, ...]:
    """Two layers: the units of all outputs side by side, each feeding its own output.

    Args:
        outputs: Units of each of the k outputs.
        offset: Output biases, shape (k,).
        d: Number of inputs, for a network without units.
        dtype: Arithmetic to round to.

    Returns:
        A hidden and an output layer; the output layer alone where there are no units.

    Raises:
        PrecisionError: If a weight is too large for the arithmetic.
    """
    offset = np.asarray(offset, dtype=np.float64)
    parts = [balanced(units) for units in outputs]
    sizes = [len(units.output) for units in parts]
    if not sum(sizes):
        return (Affine(np.zeros((len(parts), d), dtype), offset.astype(dtype)),)
    output = np.zeros((len(parts), sum(sizes)))
    starts = np.cumsum([0, *sizes])
    for k, units in enumerate(parts):
        output[k, starts[k] : starts[k + 1]] = units.output
    with np.errstate(over="ignore"):
        weight = np.concatenate([units.weight for units in parts]).astype(dtype)
        bias = np.concatenate([units.bias for units in parts]).astype(dtype)
        output = output.astype(dtype)
    if not all(np.isfinite(t).all() for t in (weight, bias, output)):
        raise PrecisionError(f"{dtype} cannot hold the weights. Use dtype='float64' or rescale X.")
    return Affine(weight, bias, RELU), Affine(output, offset.astype(dtype))


def refuse_unfit(
    layers: tuple[Layer, ...], decision: Decision, data: DataSet, dtype: DType
) -> None:
    """Raise unless the rounded network decides every point right when evaluated once.

    This is no certificate: it turns a network that rounding has spoilt into an error that says so.

    Args:
        layers: The layers, in the arithmetic of the network.
        decision: How their output is read.
        data: The data set.
        dtype: The arithmetic.

    Raises:
        PrecisionError: With the first wrong rows and the largest error.
    """
    raw = Network(layers, decision, dtype).raw(data.points)
    if isinstance(decision, Value):
        error = np.abs(raw.astype(np.float64) - data.target).max(axis=1)
        wrong = np.flatnonzero(~(error < decision.tolerance))
        found = f"an error of {error.max():.1e} where {decision.tolerance:.1e} is allowed"
    else:
        wrong = np.flatnonzero(decision.decide(raw) != data.target)
        found = f"{wrong.size} of {data.n} points wrong"
    if wrong.size:
        rows = [int(data.rows[i]) for i in wrong[:8]]
        repair = (
            "Use dtype='float64'."
            if dtype == "float32"
            else "Allow a larger tolerance, or use construction 'zhang2017'."
        )
        raise PrecisionError(
            f"{dtype} cannot hold this network: {found}, first at row {rows[0]}. {repair}", rows
        )
