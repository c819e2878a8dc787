"""Grid: points that are integers times one power of two, such as halves or multiples of 1024."""

from __future__ import annotations

import numpy as np

from rote.constructions._compact.encoder import LARGEST
from rote.exact.dyadic import granularity, trailing_zeros
from rote.typing import Array, DType

__all__ = ["grid_exponent"]

_SAMPLE = 1 << 12
"""Points that are looked at first: most real points fail there. Ours."""


def grid_exponent(points: Array, dtype: DType) -> int:
    """The largest e such that all points are integers times 2^e.

    Args:
        points: Finite, shape (n, d).
        dtype: Arithmetic of the network.

    Returns:
        e; 0 where it does not exist or the integers are too large to be projected exactly.
    """
    if points.dtype.kind != "f":
        together = int(np.bitwise_or.reduce(points, axis=None))
        return trailing_zeros(together) if together else 0
    for some in (points[:: -(-len(points) // _SAMPLE)], points):
        e = granularity(some) or 0
        # Compared by exponents, since the quotient may overflow.
        if np.frexp(float(np.abs(some).max()))[1] - e > LARGEST[dtype].bit_length():
            return 0
    return e
