"""Shared type names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Array",
    "Codes",
    "DType",
    "Floats",
    "Integers",
    "Opset",
    "Progress",
    "Task",
    "no_progress",
]

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.int64]

DType: TypeAlias = Literal["float32", "float64", "exact"]
"""Arithmetic of a network; ``exact`` is integers of any length times a power of two."""

Task: TypeAlias = Literal["classes", "real"]

Opset: TypeAlias = Literal[13, 21]
"""Versions of the ONNX operators that files are written for."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(stage, done, total)``; it may raise to stop the work."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress: the default of every ``progress`` argument."""
