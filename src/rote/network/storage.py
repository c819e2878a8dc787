"""Storage: the smallest type that holds a tensor exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.exact.dyadic import granularity
from rote.typing import Array

__all__ = ["Packed", "integer_bytes", "pack", "stored_bytes"]


_BITS = 8
"""Bits of a packed entry, its sign included."""

_SAMPLE = 4096
"""Entries of a large tensor that are tried first: most tensors fail there. Ours."""


@dataclass(frozen=True, eq=False)
class Packed:
    """A float tensor as small integers times a power of two.

    Attributes:
        values: The integers, dtype int8 or uint8, of the tensor's shape.
        exponent: The tensor equals ``values * 2.0 ** exponent`` exactly.
    """

    values: Array
    exponent: int


def pack(tensor: Array) -> Packed | None:
    """Write a float tensor as int8 or uint8 times a power of two, if that is exact.

    Args:
        tensor: float32 or float64, finite.

    Returns:
        The packed tensor, or None where it needs more than eight bits.
    """
    if tensor.size > _SAMPLE and pack(tensor.ravel()[:_SAMPLE]) is None:
        return None  # what the whole can do, a part can
    if np.any(np.signbit(tensor) & (tensor == 0)):
        return None  # an integer has no negative zero
    whole = _narrowed(tensor)
    if whole is not None and np.bitwise_or.reduce(whole, axis=None) & 1:
        return Packed(whole, 0)  # most tensors end here, and large ones should do so fast
    lowest = granularity(tensor)
    if lowest is None:
        return Packed(np.zeros(tensor.shape, np.uint8), 0)
    # A shift by a power of two is exact here, because it brings the tensor below 2^8.
    if int(np.frexp(np.abs(tensor).max())[1]) - lowest > _BITS:
        return None
    values = _narrowed(np.ldexp(tensor.astype(np.float64), -lowest))
    return None if values is None else Packed(values, lowest)


def _narrowed(tensor: Array) -> Array | None:
    """The tensor as int8, else as uint8, if one of them holds it."""
    lowest, highest = tensor.min(), tensor.max()
    for kind in (np.int8, np.uint8):
        info = np.iinfo(kind)
        if info.min <= lowest and highest <= info.max:
            values: Array = tensor.astype(kind)
            return values if np.array_equal(values, tensor) else None
    return None


def integer_bytes(tensor: Array) -> int:
    """Bytes that hold each of a tensor's Python integers in two's complement.

    Args:
        tensor: Python integers (dtype object), not empty.

    Returns:
        At least 1.
    """
    # A negative v needs the bits of -v - 1, so that one byte holds -128.
    longest: int = max((v if v >= 0 else ~v).bit_length() for v in tensor.ravel().tolist())
    return longest // 8 + 1


def stored_bytes(tensor: Array) -> int:
    """Bytes of a tensor in the smallest type that holds it: 1 per entry if packed.

    Args:
        tensor: float32, float64, or Python integers, which count their longest entry's bytes each.

    Returns:
        The number of bytes.
    """
    if tensor.dtype == object:
        return tensor.size * integer_bytes(tensor)
    return int(tensor.size * (1 if pack(tensor) is not None else tensor.itemsize))
