"""How many bits an integer direction may have for its products with the points to be exact."""

from __future__ import annotations

import numpy as np

from rote.exact.dyadic import granularity
from rote.typing import Array, Floats

__all__ = ["integer_bits"]

_SAMPLE = 64
"""Rows looked at before all rows are, to see whether floats have few bits. Ours."""


def integer_bits(points: Array, largest: Floats, precision: int) -> tuple[int, int]:
    """How many bits an integer direction may have for its products to be exact.

    Args:
        points: Shape (n, d).
        largest: Largest absolute value of each column, shape (d,).
        precision: Bits that the sum of absolute terms may have, in granules.

    Returns:
        The bits, 0 if the points have too many themselves; and the e of the granules: the points
        are integers times 2^e.
    """
    granule = 0
    if points.dtype.kind == "f":
        for block in (points[:_SAMPLE], points):
            granule = granularity(block) or 0
            if _room(largest, granule, precision) < 1:
                return 0, 0
    return _room(largest, granule, precision), granule


def _room(largest: Floats, granule: int, precision: int) -> int:
    """Bits left for the weights when the sum of d products and a bias of that size stays exact."""
    with np.errstate(over="ignore"):
        total = np.sum(np.ldexp(largest, -granule))
    return 0 if not np.isfinite(total) else precision - 1 - max(1, int(np.frexp(total)[1]))
