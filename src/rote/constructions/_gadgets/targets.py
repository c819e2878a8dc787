"""Targets of a construction with real outputs: class codes, or real targets with a tolerance."""

from __future__ import annotations

import numpy as np

from rote.data import DataSet
from rote.errors import OptionError
from rote.network import Decision, Nearest, Value
from rote.typing import DType, Floats

__all__ = ["RELATIVE_TOLERANCE", "check_tolerance", "real_targets"]

RELATIVE_TOLERANCE = {"float32": 1e-3, "float64": 1e-6, "exact": 1e-6}
"""Default tolerance over the largest absolute target, by arithmetic. Ours."""


def real_targets(
    data: DataSet, dtype: DType, tolerance: float | None = None
) -> tuple[Floats, Decision]:
    """What the output must be at each point, and the decision that reads it.

    Class c becomes the number c, read by :class:`Nearest`. Real targets are kept and read by
    :class:`Value`.

    Args:
        data: The data set.
        dtype: The network's arithmetic.
        tolerance: Largest absolute error of real targets; by default a small fraction of the
            largest absolute target.

    Returns:
        Targets of shape (n, k), and the decision.
    """
    if data.targets is None:
        assert data.codes is not None
        assert data.labels is not None
        return data.codes.astype(np.float64)[:, None], Nearest(data.labels)
    if tolerance is None:
        largest = float(np.abs(data.targets).max())
        tolerance = RELATIVE_TOLERANCE[dtype] * (largest or 1.0)
    return data.targets, Value(tolerance)


def check_tolerance(tolerance: float | None) -> None:
    """Raise :class:`OptionError` unless the tolerance is None or positive."""
    if tolerance is not None and not 0 < tolerance < np.inf:
        raise OptionError(f"Option 'tolerance' must be positive and finite, not {tolerance}.")
