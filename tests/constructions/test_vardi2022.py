"""Constant width: width 8 or 12, depth formulas, the bounded depth, bits of weights, refusals."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any, Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions import make
from rote.constructions.vardi2022 import Vardi2022
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.typing import DType

Form: TypeAlias = Literal["integer", "triangle-wave"]


def ball(seed: int, n: int, d: int, classes: int = 4) -> DataSet:
    """Points in the unit ball."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= (rng.random(n) ** (1 / d) / np.linalg.norm(X, axis=1))[:, None]
    return DataSet.from_arrays(X, rng.integers(0, classes, n))


def separation(points: np.ndarray) -> float:
    square = np.sum((points[:, None] - points[None]) ** 2, axis=2)
    return float(np.sqrt(square[~np.eye(len(points), dtype=bool)].min()))


@pytest.mark.parametrize(("form", "width"), [("integer", 8), ("triangle-wave", 12)])
@pytest.mark.parametrize("options", [{}, {"depth": 90}, {"group": 7}])
def test_exact_networks_are_certified_at_constant_width(
    options: dict[str, int], form: Form, width: int
) -> None:
    data = ball(0, 150, 4)
    network = Vardi2022(form=form, **options).build(data, dtype="exact")
    assert verify(network, data, claims=("exact",)).certified
    widths = network.size.widths
    assert widths is not None
    if "depth" in options:
        assert network.size.depth <= 90
    else:
        assert max(widths) == width


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_triangle_waves_in_floats_have_groups_of_one_register(dtype: DType) -> None:
    data = ball(1, 60, 3)
    network = Vardi2022(form="triangle-wave").build(data, dtype=dtype)
    certificate = verify(network, data)
    assert certificate.certified
    assert certificate.claims["portable"].margin == 0.5
    assert network.size.widths is not None
    assert max(network.size.widths) == (12 if dtype == "float64" else 11)  # 11 for groups of one


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_floats_hold_codes_in_registers(dtype: DType) -> None:
    data = ball(1, 60, 3)
    network = Vardi2022().build(data, dtype=dtype)
    certificate = verify(network, data)
    assert certificate.certified
    assert certificate.claims["portable"].margin == 0.5


_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"depth": 150},
    {"group": 3},
    {"form": "triangle-wave"},
    {"form": "triangle-wave", "depth": 150},
)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 50), d=st.integers(1, 4))
@example(seed=0, n=46, d=1)  # short keys: one deep network where the worst case takes two
@settings(max_examples=15)
def test_the_promise_holds_for_a_known_separation(seed: int, n: int, d: int) -> None:
    data = ball(seed, n, d)
    problem = replace(data.problem, separation=separation(data.points))
    for options in _OPTIONS:
        construction = Vardi2022(**options)
        network = construction.build(data, dtype="exact", seed=seed)
        promise = construction.promise(problem)
        assert promise.depth is not None
        assert network.size.exceeds(promise) == []


def test_without_a_separation_only_a_wanted_depth_is_promised() -> None:
    assert Vardi2022().promise(Problem(n=9, d=2)).depth is None
    assert Vardi2022(depth=70).promise(Problem(n=9, d=2)).depth == 70


def test_depth_and_bits_grow_like_the_square_root() -> None:
    """100 times the points: 10 times the depth, and somewhat more as keys grow from 32 to 46."""
    sizes = [
        Vardi2022().promise(Problem(n=n, d=10, classes=10, separation=0.01)).depth
        for n in (10**3, 10**5)
    ]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert sizes[0] < 4.2 * sqrt(1000 * 33)  # 2 sqrt(2 n (2 rho + 3))
    assert 10 < sizes[1] / sizes[0] < 10 * sqrt(46 / 32) * 1.1


def test_the_formula_of_the_depth_and_the_bits() -> None:
    """Keys of 7 bits, which cannot be fewer."""
    data = DataSet.from_arrays(np.arange(100)[:, None], np.arange(100) % 3)
    network = Vardi2022(group=6).build(data, dtype="exact")
    assert network.size.depth == 1 + 2 * 17 + 6 * (2 * 7 + 3)
    assert network.size.weight_bits is not None
    assert 6 * (7 - 1) < network.size.weight_bits <= 6 * 7 + 2


def test_triangle_waves_stay_within_the_papers_depth_and_bits() -> None:
    """Keys of 7 bits; the paper's lookup takes 3 layers for a group, and 2 more."""
    data = DataSet.from_arrays(np.arange(100)[:, None], np.arange(100) % 3)
    network = Vardi2022(group=6, form="triangle-wave").build(data, dtype="exact")
    assert network.size.depth == 1 + 2 * 17 + 6 * (3 * 7 + 2) + 1
    assert network.size.depth <= 1 + (3 * 17 + 2) + (3 * 6 * 7 + 2 * 6 + 2)
    assert network.size.weight_bits is not None
    assert network.size.weight_bits <= 6 * 7 + 2 + 1  # and the sign


def test_long_keys_are_halved_first() -> None:
    """Two points very near to each other: keys of 50 bits, of which half are left."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    X[1] = X[0] + 1e-12
    data = DataSet.from_arrays(X, rng.integers(0, 4, 200))
    network = Vardi2022().build(data, dtype="exact")
    assert verify(network, data, claims=("exact",)).certified
    assert network.size.widths is not None
    assert max(network.size.widths) == 8
    assert network.size.depth is not None
    assert network.size.depth < min(Vardi2022()._depth(200, words, 40) for words in range(1, 20))
    bounded = Vardi2022(depth=10**4).build(data, dtype="exact")  # keys stay as they are
    assert bounded.size.depth is not None
    assert network.size.depth < 0.8 * bounded.size.depth


def test_real_targets() -> None:
    rng = np.random.default_rng(3)
    y = rng.standard_normal((30, 2))
    data = DataSet.from_arrays(rng.standard_normal((30, 3)), y, task="real")
    network = Vardi2022(tolerance=0.1, depth=200).build(data, dtype="float64")
    assert verify(network, data).certified
    assert np.abs(network.raw(data.points) - y).max() <= 0.05


def test_refusals() -> None:
    with pytest.raises(OptionError, match="'depth' must be at least 1, not 0"):
        Vardi2022(depth=0)
    with pytest.raises(AssumptionError, match=r"50 points .* need more than depth 9, at least"):
        Vardi2022(depth=9).build(ball(4, 50, 3))
    with pytest.raises(OptionError, match=r"'form' .* must be 'integer' or 'triangle-wave', not"):
        make("vardi2022", form="waves")
    with pytest.raises(
        PrecisionError, match=r"6 words of \d+ bits .* register of 50\. Use group=3"
    ):
        Vardi2022(form="triangle-wave", group=6).build(ball(1, 60, 3), dtype="float64")
    with pytest.raises(PrecisionError, match="float32 cannot hold keys"):
        Vardi2022().build(ball(5, 3000, 2), dtype="float32")
