"""Arrays that nobody can write to, whoever holds a reference to what they were made from."""

from __future__ import annotations

import numpy as np

from rote.typing import Array

__all__ = ["frozen"]


def frozen(array: Array) -> Array:
    """A read-only, contiguous array of the same values, in memory of its own.

    Numbers are kept in a bytes object, which not even ``flags.writeable = True`` opens again;
    Python objects in a view of a read-only array. An array that is already kept so is returned.

    Args:
        array: Any array that is not empty.

    Returns:
        The array.
    """
    if array.dtype == object:
        own = np.array(array, order="C")
        own.flags.writeable = False
        return own.view()
    if array.flags.c_contiguous and isinstance(_owner(array), bytes):
        return array
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def _owner(array: Array) -> object:
    """What the memory of an array belongs to."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base
