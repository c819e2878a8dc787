"""Unit range: targets as values in [-1, 1], and the affine map back to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.typing import Floats

__all__ = ["UnitRange", "unit_range"]

_BITS = 12
"""Bits of the scale: so few that sums of +-scale are exact in float32. Ours."""


@dataclass(frozen=True, eq=False)
class UnitRange:
    """The map y = scale tau + shift from [-1, 1] to a range of targets, output by output.

    Attributes:
        scale: Positive, of few bits, shape (k,).
        shift: A small multiple of the last bit of the scale, shape (k,).
    """

    scale: Floats
    shift: Floats

    def tau(self, y: Floats) -> Floats:
        """Targets of shape (n, k) in [-1, 1]."""
        tau = y - self.shift
        tau /= self.scale
        return np.clip(tau, -1, 1, out=tau)


def unit_range(y: Floats) -> UnitRange:
    """The range of targets; exact, and all of [-1, 1] used, for up to 2^12 class codes.

    Args:
        y: Targets, shape (n, k).

    Returns:
        The map.
    """
    low, high = y.min(axis=0), y.max(axis=0)
    half = high / 2 - low / 2
    half = np.where(half > 0, half, np.maximum(np.abs(low), 1.0))
    grid = np.ldexp(1.0, np.frexp(half)[1] - _BITS)
    shift = np.rint((low / 2 + high / 2) / grid) * grid
    reach = np.maximum(high - shift, shift - low)
    scale = np.maximum(np.ceil(reach / grid), 1) * grid
    return UnitRange(scale, shift)
