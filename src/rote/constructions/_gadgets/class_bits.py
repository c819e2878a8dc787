"""Bits of class codes: how constructions for two labels take more classes."""

from __future__ import annotations

import numpy as np

from rote.data import DataSet
from rote.network import Bits
from rote.typing import Integers

__all__ = ["bits_of_codes", "number_of_bits"]


def number_of_bits(classes: int | None) -> int:
    """Bits of the largest code: ceil(log2 C), at least 1."""
    return max(1, ((classes or 1) - 1).bit_length())


def bits_of_codes(data: DataSet) -> tuple[Integers, Bits]:
    """The bits that the outputs must decide, and the decision that reads them.

    Args:
        data: A data set with class labels.

    Returns:
        0 or 1 of shape (n, B), lowest bit first, and the decision.
    """
    assert data.codes is not None
    assert data.labels is not None
    place = np.arange(number_of_bits(data.classes))
    return data.codes[:, None] >> place & 1, Bits(data.labels)
