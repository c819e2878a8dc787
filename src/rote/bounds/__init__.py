"""Bounds: what every network of a size must fail at. Numbers only; no network is built here."""

from __future__ import annotations

from rote.bounds import yun2019_pieces, yun2019_product
from rote.bounds._base import Architecture as Architecture
from rote.bounds._base import Bound as Bound
from rote.bounds._base import Kind as Kind
from rote.bounds._base import Question as Question

__all__ = ["BOUNDS", "Architecture", "Bound", "Kind", "Question"]

BOUNDS: dict[str, Bound] = {
    bound.key: bound for bound in (yun2019_pieces.BOUND, yun2019_product.BOUND)
}
"""Bounds on the number of points by key."""
