r"""Rounding: how far an IEEE-754 evaluation can be from the exact value, and where it is exact.

The model covers round-to-nearest evaluation of a dot product plus bias in float32 or float64 (or
in anything wider), with every order and tree of summation, with or without fused multiply-add, and
with subnormal numbers kept or flushed to zero, as results or as operands. It does not cover
products that replace the dot products themselves by other sums (Strassen, Winograd), nor operands
rounded to fewer bits (TF32, bfloat16).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from rote.typing import Array, Floats

__all__ = [
    "GRANULES",
    "LARGEST",
    "SMALLEST_NORMAL",
    "UNIT",
    "FloatName",
    "dot_error",
    "gamma",
    "lowest_bit",
]

FloatName: TypeAlias = Literal["float32", "float64"]

UNIT: Final[dict[str, float]] = {"float32": 2.0**-24, "float64": 2.0**-53}
"""Unit roundoff: the largest relative error of one operation rounded to nearest."""

SMALLEST_NORMAL: Final[dict[str, float]] = {"float32": 2.0**-126, "float64": 2.0**-1022}
"""Smallest positive normal number; what lies below may be flushed to zero."""

LARGEST: Final[dict[str, float]] = {
    "float32": float(np.finfo(np.float32).max),
    "float64": float(np.finfo(np.float64).max),
}
"""Largest finite number."""

GRANULES: Final[dict[str, float]] = {"float32": 2.0**24, "float64": 2.0**53 * (1 - 2.0**-28)}
"""Numbers that are multiples of one power of two, the granule, add up without rounding in every
order while neither the positive nor the negative ones amount to more than this many granules, since
a partial sum lies between these totals. The limits are 2^24 and 2^53; the latter is lowered by more
than float64 can have lost of the larger total, found as half of the absolute sum and the size of
the sum: each of these by at most gamma(2^22) < 2^-30 of the absolute sum."""

_UP = 1 + 2.0**-50
"""Makes up for the few roundings of a bound's own evaluation in float64, where nothing is said."""


def gamma(terms: npt.ArrayLike, unit: float) -> Floats:
    r"""The constant $\gamma_m = m u / (1 - m u)$ of rounding error analysis [higham2002].

    A product of m factors $(1 + \delta_i)^{\pm 1}$ with $|\delta_i| \le u$ is within $\gamma_m$
    of 1.

    Args:
        terms: Number of roundings m, any shape.
        unit: Unit roundoff u.

    Returns:
        $\gamma_m$ rounded up, of the same shape; infinite, never negative, where $m u \ge 1$.
    """
    mu = np.asarray(terms, np.float64) * unit
    room = 1 - mu
    return np.where(room > 0, mu / np.where(room > 0, room, 1) * _UP, np.inf)


def dot_error(absolute: npt.ArrayLike, terms: npt.ArrayLike, dtype: FloatName) -> Floats:
    r"""Bound of the rounding error of $w \cdot h + b$ in any order, with or without FMA.

    With m summands other than zero no summand passes more than m roundings: one in its product and
    at most m - 1 in additions. Beyond this relative part each of the at most 2 m operations may
    underflow or be flushed, which moves it by at most the smallest normal number, and later
    roundings enlarge that by at most $1 + \gamma_m$.

    Args:
        absolute: $|w| \cdot |h| + |b|$ or more, any shape.
        terms: Number m of summands that may differ from zero, the bias included; broadcast.
        dtype: ``float32`` or ``float64``.

    Returns:
        Bounds of |computed - exact|; infinite where none exists or a partial sum may overflow.
    """
    absolute, terms = np.asarray(absolute, np.float64), np.asarray(terms, np.float64)
    g = gamma(terms, UNIT[dtype])
    with np.errstate(over="ignore", invalid="ignore"):
        underflow = 2 * terms * (1 + g) * SMALLEST_NORMAL[dtype]
        error = (g * absolute + underflow) * _UP
        # A sum that stays finite can exceed the absolute sum by the factor 1 + gamma only.
        fits = (1 + g) * absolute * _UP + underflow <= LARGEST[dtype]
    return np.where(fits, error, np.inf)


def lowest_bit(values: Array) -> Floats:
    """The largest power of two that divides each number: 0.5 for 2.5, 4 for 12, infinity for 0.

    Args:
        values: Finite floats, any shape.

    Returns:
        Exact powers of two, float64, of the same shape.
    """
    x = np.ascontiguousarray(values, np.float64)
    bits = x.view(np.int64)
    # Clearing the lowest set bit of the significand subtracts exactly that bit's value. A bare
    # power of two stores no significand bit and is its own lowest bit.
    cleared = (bits & (bits - 1)).view(np.float64)
    bare = bits & ((1 << 52) - 1) == 0
    low = np.where(bare, np.abs(x), np.abs(x - np.where(bare, 0.0, cleared)))
    return np.where(low == 0, np.inf, low)
