r"""Levels: labels as small nonnegative integers, and the outputs back from them.

Classes are their codes. Real targets are rounded to multiples of a power of two of at most the
tolerance, so that the error is at most half the tolerance, and counted from the least one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rote.constructions._gadgets.targets import real_targets
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import Decision, Value
from rote.typing import DType, Integers

__all__ = ["LIMIT", "Levels", "levels"]

LIMIT: dict[DType, int | None] = {"float32": 22, "float64": 51, "exact": None}
"""Most bits of a code, so that four times as much is an exact integer. Ours."""

_MOST = 62
"""Bits of int64 levels, whatever the dtype. Ours."""


@final
@dataclass(frozen=True, eq=False)
class Levels:
    """Labels as integers: output j is (level + offset[j]) * 2 ** exponent.

    Attributes:
        level: Nonnegative, shape (n, k).
        offset: One integer per output.
        exponent: The power of two.
        decision: How outputs are read.
    """

    level: Integers
    offset: tuple[int, ...]
    exponent: int
    decision: Decision

    @property
    def bits(self) -> int:
        """Bits of the largest level, at least 1."""
        return max(1, int(self.level.max()).bit_length())


def levels(data: DataSet, dtype: DType, tolerance: float | None) -> Levels:
    """Labels as integers.

    Args:
        data: The data set.
        dtype: The network's arithmetic.
        tolerance: Largest absolute error of real targets; None for the default.

    Returns:
        The levels.

    Raises:
        PrecisionError: The tolerance is too fine for integers of this arithmetic.
    """
    y, decision = real_targets(data, dtype, tolerance)
    if not isinstance(decision, Value):
        return Levels(y.astype(np.int64), (0,), 0, decision)
    exponent = int(np.frexp(decision.tolerance)[1]) - 1
    with np.errstate(over="ignore"):
        multiple = np.rint(np.ldexp(y, -exponent))
    largest = np.abs(multiple).max(axis=1)
    if not largest.max() < 1 << (LIMIT[dtype] or _MOST) - 1:
        row = int(data.rows[np.argmax(largest)])
        raise PrecisionError(
            f"{dtype} cannot count row {row}'s target in steps of 2^{exponent}. "
            f"Use a tolerance larger than {decision.tolerance:g}.",
            [row],
        )
    low = multiple.min(axis=0)
    return Levels((multiple - low).astype(np.int64), tuple(int(v) for v in low), exponent, decision)
