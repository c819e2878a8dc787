"""The figure of success against load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rote.capacity.curve import CapacityCurve
from rote.errors import OptionError
from rote.plots.capacity import draw_curves

CURVE = CapacityCurve(
    parameters=10,
    rank=9,
    loads=np.array([0.5, 0.9, 1.1]),
    points=(5, 9, 11),
    trials=2,
    success={"levenberg-marquardt": np.array([1.0, 1.0, 0.0]), "adam": np.array([1.0, 0.5, 0.0])},
)


def test_a_panel_is_drawn_for_each_curve(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    draw_curves({"first": CURVE, "second": CURVE}, path)
    assert path.read_text().count('id="axes_') == 2


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"ends in \.png or \.svg"):
        draw_curves({"first": CURVE}, tmp_path / "curve.jpeg")
