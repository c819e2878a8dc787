r"""Dyadic numbers: floats as integers times powers of two, and back, without loss.

Every finite float is $m \cdot 2^e$ with integers $m$ and $e$, and so is every sum and product of
such numbers. An array of floats becomes an array of Python integers with one common exponent.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from rote.errors import DataError, PrecisionError
from rote.typing import Array, Integers

__all__ = [
    "common_exponent",
    "decompose",
    "granularity",
    "significands",
    "to_floats",
    "to_fractions",
    "to_integers",
    "trailing_zeros",
]

_SIGNIFICAND = 53
"""Bits of a float64's significand, the leading one included."""


def decompose(value: float) -> tuple[int, int]:
    r"""Write a number as $m \cdot 2^e$ with $m$ odd, or as $0 \cdot 2^0$.

    Args:
        value: A finite float, or an integer.

    Returns:
        m and e.

    Raises:
        DataError: The value is not finite.
    """
    try:
        top, bottom = value.as_integer_ratio()
    except (OverflowError, ValueError):
        raise DataError(f"Values must be finite, not {value}.") from None
    if not top:
        return 0, 0
    zeros = trailing_zeros(top)
    return top >> zeros, zeros - (bottom.bit_length() - 1)


def significands(array: Array) -> tuple[Integers, Integers]:
    r"""Write each float as $m \cdot 2^e$ with $m$ odd, or as $0 \cdot 2^0$.

    Args:
        array: Finite floats of at most 64 bits, any shape.

    Returns:
        m and e, both int64 and of the shape of the array; |m| is less than 2^53.

    Raises:
        DataError: A value is not finite.
    """
    _check_floats(array)
    mantissa, exponent = np.frexp(array.astype(np.float64))
    m = np.ldexp(mantissa, _SIGNIFICAND).astype(np.int64)
    zeros = _trailing_zeros_each(m)
    e = np.where(m == 0, 0, exponent.astype(np.int64) - _SIGNIFICAND + zeros)
    return m >> zeros, e


def granularity(array: Array) -> int | None:
    r"""The largest $e$ such that every entry is an integer times $2^e$.

    Args:
        array: Finite floats of at most 64 bits, or integers of any kind; any shape.

    Returns:
        e, or None where all entries are zero (or there are none), so that every e would do.

    Raises:
        DataError: A value is not finite, or no number.
    """
    if array.dtype.kind == "f":
        m, e = significands(array)
        nonzero = m != 0
        return int(e[nonzero].min()) if nonzero.any() else None
    together = 0
    for value in _as_integers(array).ravel().tolist():
        together |= value  # the lowest bit that is set in any entry, negative ones included
    return trailing_zeros(together) if together else None


def common_exponent(*arrays: Array) -> int:
    r"""The largest $e$ such that every entry of every array is an integer times $2^e$.

    Args:
        arrays: As for :func:`granularity`.

    Returns:
        e; 0 where all entries are zero.
    """
    each = [e for e in map(granularity, arrays) if e is not None]
    return min(each, default=0)


def to_integers(array: Array, exponent: int | None = None) -> tuple[Array, int]:
    r"""Write an array as Python integers times $2^e$, without loss.

    Args:
        array: Finite floats of at most 64 bits, or integers of any kind; any shape.
        exponent: The e wanted, for instance that of :func:`common_exponent`; by default the
            largest possible one.

    Returns:
        The integers (dtype object, of the same shape) and e.

    Raises:
        DataError: A value is not finite, or no number.
        PrecisionError: An entry is no integer times 2^e.
    """
    finest = granularity(array)
    if exponent is None:
        exponent = finest or 0
    if finest is not None and exponent > finest:
        raise PrecisionError(
            f"Entries must be multiples of 2^{exponent}, not of 2^{finest} only. "
            "Use a smaller exponent."
        )
    if array.dtype.kind == "f":
        m, e = significands(array)
        shift = np.where(m == 0, 0, e - exponent)
        return m.astype(object) << shift.astype(object), exponent
    integers = _as_integers(array)
    return (integers >> exponent if exponent > 0 else integers << -exponent), exponent


def to_floats(integers: Array, exponent: int, dtype: npt.DTypeLike) -> Array:
    r"""The floats that equal integers times $2^e$.

    Args:
        integers: Integers of any kind, any shape.
        exponent: The power e of two.
        dtype: float32 or float64.

    Returns:
        The floats, of the same shape.

    Raises:
        PrecisionError: An entry has no float of this dtype that equals it.
    """
    info = np.finfo(dtype)
    floats = [_to_float(v, exponent, info) for v in _as_integers(integers).ravel().tolist()]
    return np.array(floats, info.dtype).reshape(integers.shape)


def to_fractions(integers: Array, exponent: int) -> Array:
    r"""The rational numbers integers times $2^e$.

    Args:
        integers: Integers of any kind, any shape.
        exponent: The power e of two.

    Returns:
        Fractions (dtype object), of the same shape.
    """
    scale = Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
    fractions = np.empty(integers.shape, dtype=object)
    fractions.ravel()[:] = [v * scale for v in _as_integers(integers).ravel().tolist()]
    return fractions


def _to_float(value: int, exponent: int, info: np.finfo[Any]) -> float:
    if not value:
        return 0.0
    zeros = trailing_zeros(value)
    odd, power = value >> zeros, exponent + zeros
    bits = odd.bit_length()
    lowest = info.minexp - info.nmant  # of the smallest subnormal number
    if bits > info.nmant + 1 or power < lowest or bits + power > info.maxexp:
        raise PrecisionError(
            f"{info.dtype.name} cannot hold an integer of {bits} bits times 2^{power}. "
            "Use a wider dtype, or exact arithmetic."
        )
    return math.ldexp(odd, power)


def _as_integers(array: Array) -> Array:
    if array.dtype.kind not in "biuO":
        raise DataError(f"Values must be floats or integers, not {array.dtype}.")
    integers = array.astype(object)
    for value in integers.ravel().tolist() if array.dtype.kind == "O" else ():
        if type(value) is not int:
            raise DataError(f"Values must be Python integers, not {type(value).__name__}.")
    return integers if array.dtype.kind != "b" else integers * 1


def _check_floats(array: Array) -> None:
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise DataError(f"Values must be floats of at most 64 bits, not {array.dtype}.")
    if not np.isfinite(array).all():
        raise DataError(f"Values must be finite, not {array[~np.isfinite(array)][0]}.")


def trailing_zeros(value: int) -> int:
    """Zero bits below the lowest one of an integer other than zero."""
    return (value & -value).bit_length() - 1


def _trailing_zeros_each(m: Integers) -> Integers:
    """Trailing zero bits of int64 values below 2^53 in absolute value; 0 for zero."""
    lowest = (m & -m).astype(np.float64)  # a power of two, or 0
    zeros: Integers = np.maximum(np.frexp(lowest)[1] - 1, 0).astype(np.int64)
    return zeros
