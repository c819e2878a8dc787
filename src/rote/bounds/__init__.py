"""Bounds: what networks of a size can do or must fail at. Numbers only; none is built here."""

from __future__ import annotations

from rote.bounds import (
    bartlett2019_growth,
    baum1989_threshold,
    bubeck2020_any_points,
    bubeck2020_total_weight,
    cover1965_dichotomies,
    finite_precision,
    generic_labels,
    karpinski1997_sigmoid,
    madden2024_next_token,
    rajput2021_hyperplanes,
    sontag1997_general_position,
    threshold_line,
    yun2019_pieces,
    yun2019_product,
)
from rote.bounds._base import Architecture as Architecture
from rote.bounds._base import Bound as Bound
from rote.bounds._base import Kind as Kind
from rote.bounds._base import Outline as Outline
from rote.bounds._base import Question as Question
from rote.bounds._base import Scope as Scope

__all__ = ["BOUNDS", "Architecture", "Bound", "Kind", "Outline", "Question", "Scope"]

BOUNDS: dict[str, Bound] = {
    bound.key: bound
    for module in (
        bubeck2020_any_points,
        yun2019_pieces,
        yun2019_product,
        threshold_line,
        rajput2021_hyperplanes,
        cover1965_dichotomies,
        baum1989_threshold,
        bartlett2019_growth,
        karpinski1997_sigmoid,
        sontag1997_general_position,
        generic_labels,
        madden2024_next_token,
        finite_precision,
        bubeck2020_total_weight,
    )
    for bound in module.BOUNDS
}
"""Bounds on the number of points by key."""
