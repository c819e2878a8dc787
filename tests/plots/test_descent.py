"""The figure of SGD near a memorizer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rote.constructions import make
from rote.data import DataSet
from rote.errors import OptionError
from rote.optimize.near_memorizer import Descent, descend
from rote.plots.descent import draw_descent


@pytest.fixture(scope="module")
def run() -> Descent:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((9, 2)), rng.standard_normal(9), task="real")
    return descend(make("yun2019-three-layer").build(data), data, epochs=4, radius=3e-4)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_is_written(run: Descent, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"descent{suffix}"
    draw_descent(run, path, title="nine points")
    assert path.stat().st_size > 10_000
    assert list(tmp_path.iterdir()) == [path]


def test_other_formats_are_refused(run: Descent, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"ends in \.png or \.svg"):
        draw_descent(run, tmp_path / "descent.jpeg")
    assert not list(tmp_path.iterdir())
