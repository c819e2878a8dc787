"""Levels: real targets as integers, to a stated tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.errors import PrecisionError
from rote.exact.rounding import UNIT
from rote.typing import DType, Floats, Integers

__all__ = ["Grid", "quantize"]

_LARGEST = 1 << 22
"""Most levels: their sums are exact in float32."""


@final
@dataclass(frozen=True, eq=False)
class Grid:
    """Integers q such that low + step q is near the targets.

    Attributes:
        levels: Shape (n, outputs), from 0.
        low: Shape (outputs,), in the network's dtype.
        step: Shape (outputs,), in the network's dtype.
    """

    levels: Integers
    low: Floats
    step: Floats


def quantize(targets: Floats, tolerance: float, dtype: DType) -> Grid:
    """The coarsest levels that keep a tolerance, roundings of low + step q included.

    Columns of integers keep integer levels: each target is met exactly where the tolerance is at
    most 1/2.

    Args:
        targets: Shape (n, outputs).
        tolerance: Largest absolute error.
        dtype: Arithmetic of the network.

    Returns:
        The grid.

    Raises:
        PrecisionError: The dtype does not hold the targets to the tolerance, or there are too many
            levels.
    """
    columns = [_column(column, tolerance, dtype) for column in targets.T]
    levels, low, step = zip(*columns, strict=True)
    return Grid(np.stack(levels, axis=1), np.array(low), np.array(step))


def _column(y: Floats, tolerance: float, dtype: DType) -> tuple[Integers, float, float]:
    low, high = float(y.min()), float(y.max())
    # low and step are rounded, then the product and the sum: four half units of the largest.
    lost = 8 * UNIT[dtype] * max(abs(low), abs(high), high - low)
    room = tolerance - lost
    whole = bool(np.all(y == np.rint(y))) and lost < 1
    if whole:
        step = max(1.0, float(np.ceil(2 * tolerance)) - 1)
    elif room > 0:
        step = float(np.dtype(dtype).type(2 * room * (1 - 2.0**-10)))
    else:
        raise PrecisionError(
            f"{dtype} cannot hold targets of up to {max(abs(low), abs(high)):g} to within "
            f"{tolerance:g}. Raise the tolerance{_repair(dtype)}."
        )
    low = float(np.dtype(dtype).type(low))
    levels = np.rint((y - low) / step)
    if levels.max() >= _LARGEST:
        raise PrecisionError(
            f"A tolerance of {tolerance:g} makes {levels.max() + 1:.0f} levels of the targets; the "
            f"compact memory holds {_LARGEST}. Raise the tolerance."
        )
    return np.maximum(levels, 0).astype(np.int64), low, step


def _repair(dtype: DType) -> str:
    return " or use dtype='float64'" if dtype == "float32" else ""
