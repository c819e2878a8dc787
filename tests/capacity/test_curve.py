"""Curves of success: near the rank for real labels, and settings that are refused."""

from __future__ import annotations

import numpy as np
import pytest

import rote
from rote.capacity.curve import CapacityCurve
from rote.errors import OptionError


def test_levenberg_marquardt_fits_to_the_rank_and_nothing_fits_beyond() -> None:
    curve = rote.capacity_curve(
        5, 6, loads=(0.5, 0.9, 1.2), methods=("levenberg-marquardt",), trials=2
    )
    assert curve.parameters == curve.rank == 5 * 6 + 2 * 6 + 1
    assert curve.points == (22, 39, 52)
    assert curve.success["levenberg-marquardt"].tolist() == [1, 1, 0]
    assert curve.reached("levenberg-marquardt") == 0.9
    assert "43 parameters" in curve.describe()
    assert "levenberg-marquardt 0.9" in curve.describe()


def test_gradient_methods_fit_few_labels() -> None:
    curve = rote.capacity_curve(4, 6, loads=(0.3,), methods=("lbfgs", "adam"), trials=1)
    assert [share.tolist() for share in curve.success.values()] == [[1.0], [1.0]]


def test_a_relu_loses_a_parameter_of_its_rank() -> None:
    methods = ("levenberg-marquardt",)
    curve = rote.capacity_curve(4, 5, activation="relu", loads=(0.4,), methods=methods, trials=1)
    assert curve.rank == curve.parameters - 5
    assert curve.reached("levenberg-marquardt") == 0.4


def test_classes_may_exceed_the_rank() -> None:
    methods = ("levenberg-marquardt",)
    for classes, load in ((2, 1.5), (4, 0.5)):
        curve = rote.capacity_curve(6, 6, classes=classes, loads=(load,), methods=methods, trials=1)
        assert curve.reached("levenberg-marquardt") == load


def test_what_is_reached_ends_at_the_first_failure() -> None:
    success = np.array([1.0, 0.5, 0.0, 1.0])
    loads = np.array([1.0, 2.0, 3.0, 4.0])
    curve = CapacityCurve(10, 10, loads, (10, 20, 30, 40), 2, {"adam": success, "lbfgs": 1 - loads})
    assert curve.reached("adam") == 2
    assert curve.reached("lbfgs") == 0


def test_the_same_seed_gives_the_same_curve() -> None:
    first, second = (
        rote.capacity_curve(3, 4, loads=(0.9,), methods=("levenberg-marquardt",), seed=5)
        for _ in range(2)
    )
    assert first.describe() == second.describe()


def test_arguments_are_checked() -> None:
    with pytest.raises(OptionError, match="'units' must be at least 1, not 0"):
        rote.capacity_curve(3, 0)
    with pytest.raises(OptionError, match="'classes' must be at least 2, not 1"):
        rote.capacity_curve(3, 3, classes=1)
    with pytest.raises(OptionError, match=r"must be one of levenberg-marquardt, .* not 'sgd'"):
        rote.capacity_curve(3, 3, methods=("sgd",))  # type: ignore[arg-type]
