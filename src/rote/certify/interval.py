"""The claim ``portable``: every float evaluation of a piecewise-linear network decides right.

Error bounds go through the layers (:mod:`rote.certify.bounds`); the claim holds if the decision's
slacks stay positive for all outputs within their bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast, final

import numpy as np
import numpy.typing as npt

from rote.certify.bounds import LONGEST, Values, prepared
from rote.certify.verdict import Verdict, float_below
from rote.exact.rounding import UNIT, FloatName
from rote.network import Network
from rote.typing import Array, Floats, Integers, Progress

__all__ = ["prove_portable", "unavailable"]

_NUMBERS = 1 << 18
"""Numbers of one layer of one batch, 2 MB an array. Ours."""

_FEW = 1 + 2.0**-50
"""Enlarges the result of up to three operations on nonnegative numbers by more than they lost."""


def unavailable(network: Network) -> str:
    """Why the claim has no meaning for a network; empty if it has one."""
    if network.dtype == "exact":
        return "An exact network has no float evaluation."
    for activation in (a for layer in network.affine_layers for a, _ in layer.runs()):
        if not activation.piecewise_linear:
            return f"IEEE 754 does not fix the rounding of {activation}."
    if max(layer.inputs for layer in network.affine_layers) > LONGEST:
        return f"Sums of more than {LONGEST} terms have no bound here."
    return ""


def prove_portable(network: Network, points: Array, target: Array, progress: Progress) -> Verdict:
    """Bound the rounding errors of every evaluation of a network for which that has a meaning.

    Args:
        network: Piecewise linear, of dtype float32 or float64.
        points: Shape (n, d), in that dtype and finite.
        target: What to decide: codes of the network's labels, or real targets, (n, k).
        progress: Called as ``progress("portable", points done, n)``.

    Returns:
        The verdict, with the smallest margin net of the error bounds. Its audit holds
        ``largest_partial_sum``, of the sums that are proved not to round, in granules of each;
        ``partial_sum_limit``, what floats hold; ``rounded_sums``, how many sums, counted over
        points and units, are not proved so; and ``largest_error`` of a raw output.
    """
    dtype = cast(FloatName, network.dtype)
    layers = [prepared(layer, dtype) for layer in network.layers]
    widest = max(network.inputs, *(layer.outputs for layer in network.affine_layers))
    n, size = len(points), max(1, _NUMBERS // widest)
    right, bounded = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    least, granules, rounded, error = np.inf, 0.0, 0, 0.0
    for start in range(0, n, size):
        rows = slice(start, start + size)
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            values = Values.inputs(points[rows], dtype)
            for layer in layers:
                values = layer(values)
            slack = network.decision.slack(_Enclosed(values.centre, values.doubt), target[rows])
            lower = slack.lower
        bounded[rows] = values.bounded
        right[rows] = (lower > 0).all(axis=1) & values.bounded
        least = min(least, float(lower.min(initial=np.inf)))
        granules = max(granules, float(values.granules.max()))
        rounded += int(values.rounded.sum())
        error = max(error, float(values.spread.max()))
        progress("portable", min(start + size, n), n)
    known = bool(bounded.all()) and np.isfinite(least)
    return Verdict(
        right=right,
        margin=float_below(Fraction(least) / network.decision.slack_per_distance)
        if known
        else None,
        reason=_reason(right, bounded, dtype, error),
        arithmetic=f"bounds of every {dtype} evaluation",
        audit={
            "largest_partial_sum": granules,
            "partial_sum_limit": 1 / UNIT[dtype],
            "rounded_sums": rounded,
            "largest_error": error if bounded.all() else None,
        },
    )


def _reason(
    right: npt.NDArray[np.bool_], bounded: npt.NDArray[np.bool_], dtype: str, error: float
) -> str:
    if right.all():
        return ""
    if not bounded.all():
        return f"A sum may overflow {dtype}."
    if not error:
        return f"The network decides these points wrongly; no evaluation in {dtype} rounds them."
    return f"Outputs are sure to within {error:.2g} only, in {dtype}: too little for these points."


@final
@dataclass(frozen=True, eq=False)
class _Enclosed:
    """Output vectors (n, k), each number within ``radius`` of its float64 ``centre``."""

    centre: Floats
    radius: Floats

    @property
    def lower(self) -> Floats:
        """Lower bounds of the numbers; minus infinity after an overflow."""
        below = np.nextafter(self.centre - self.radius, -np.inf)
        lower = np.where(self.radius == 0, self.centre, below)
        return np.where(np.isfinite(lower), lower, -np.inf)

    def take(self, columns: Integers) -> _Enclosed:
        """Entries (i, columns[i, j]), shape (n, m)."""
        rows = np.arange(len(columns))[:, None]
        return _Enclosed(self.centre[rows, columns], self.radius[rows, columns])

    def signed(self, sign: Integers) -> _Enclosed:
        """Each entry times its sign, +1 or -1, of the same shape."""
        return _Enclosed(self.centre * sign, self.radius)

    def minus(self, other: _Enclosed) -> _Enclosed:
        """The difference."""
        return self._plus(-other.centre, other.radius)

    def plus_constant(self, constant: Floats) -> _Enclosed:
        """The sum with floats of the same shape."""
        return self._plus(constant, np.zeros(1))

    def _plus(self, b: Floats, radius: Floats) -> _Enclosed:
        """The sum with numbers within a radius of b."""
        a = self.centre
        centre = a + b
        # What was rounded off, exactly [knuth1997]: nothing where the sum is a float.
        shadow = centre - a
        lost = np.abs((a - (centre - shadow)) + (b - shadow))
        return _Enclosed(centre, (self.radius + radius + lost) * _FEW)
