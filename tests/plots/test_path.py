"""Paths along a projection: the curve that is drawn is the network, and the points lie on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rote.constructions import CATALOGUE, make
from rote.data import DataSet
from rote.errors import OptionError
from rote.network import Affine, Network, Sign
from rote.plots.path import draw_paths, output_along, projection

PROJECTED = ["zhang2017", "yun2019-three-layer"]


def digits_like(n: int = 80) -> DataSet:
    rng = np.random.default_rng(0)
    return DataSet.from_arrays(rng.integers(0, 17, (n, 16)), rng.integers(0, 10, n))


@pytest.mark.parametrize("key", PROJECTED)
def test_the_curve_is_the_network(key: str) -> None:
    assert key in CATALOGUE
    data = digits_like()
    network = make(key).build(data)
    along = output_along(network, projection(network, data.points))
    assert np.array_equal(along, network.raw(data.points))  # integers project without rounding


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_is_written(suffix: str, tmp_path: Path) -> None:
    data = digits_like()
    path = tmp_path / f"paths{suffix}"
    draw_paths({key: (make(key).build(data), data) for key in PROJECTED}, path)
    assert path.stat().st_size > 10_000


def test_a_network_without_a_projection_is_refused() -> None:
    layer = Affine(np.eye(2), np.zeros(2))
    network = Network((layer, Affine(np.ones((1, 2)), np.zeros(1))), Sign(np.array([0, 1])))
    with pytest.raises(OptionError, match="begins with one projection"):
        projection(network, np.zeros((1, 2)))
