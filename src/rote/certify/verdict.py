"""Verdicts: which points a method proved right, before they become a claim."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
import numpy.typing as npt

from rote.certify.certificate import Audit

__all__ = ["Verdict", "float_below"]

_LARGEST = float(np.finfo(np.float64).max)


@final
@dataclass(frozen=True, eq=False)
class Verdict:
    """What a method found about n points.

    Attributes:
        right: Points proved right, shape (n,).
        margin: As in :class:`rote.certify.Claim`.
        reason: Why the other points were not proved; empty if all were.
        arithmetic: The method.
        audit: Further findings.
    """

    right: npt.NDArray[np.bool_]
    margin: float | None
    reason: str
    arithmetic: str
    audit: Audit


def float_below(value: Fraction) -> float:
    """The largest finite float64 that is at most the value; the least one if none is."""
    if abs(value) > _LARGEST:
        return _LARGEST if value > 0 else -_LARGEST
    near = float(value)
    return near if near <= value else math.nextafter(near, -math.inf)
