"""Data sets by name, for tests, benchmarks and documentation; the same seed gives the same one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from rote.data.dataset import DataSet
from rote.data.duplicates import group_equal_rows
from rote.errors import OptionError
from rote.suggest import did_you_mean
from rote.typing import Array, Integers

__all__ = ["NAMES", "generate"]

_CENTRES = 8
"""Clusters of a data set with real targets."""


def generate(
    name: str, n: int, d: int, *, classes: int | None = 2, outputs: int = 1, seed: int = 0
) -> DataSet:
    """Make a data set of n distinct points with d features.

    ``gaussian``: independent standard normal coordinates. ``sphere``: unit vectors in random
    directions. ``grid``: the first points of the integer lattice with equal sides. ``integers``:
    random points of such a lattice, with four times the side. ``collinear``: x_i = i v for an
    integer vector v, where labels change at every step: the hard set of [yun2019]. ``clusters``:
    normal points around one normal centre per class, labelled by it.

    Labels of the others are random: classes of equal size, up to one point, or normal targets.

    Args:
        name: One of :data:`NAMES`.
        n: Number of points.
        d: Number of features.
        classes: Number of classes, or None for real targets.
        outputs: Number of real targets per point.
        seed: Seed of all randomness.

    Returns:
        The data set.

    Raises:
        OptionError: There is no such name, a number is less than 1, or too large: there are but two
            unit vectors with one feature.

    >>> generate("collinear", 4, 2).codes.tolist()
    [0, 1, 0, 1]
    """
    if name not in NAMES:
        raise OptionError(f"There is no data set {name!r}. {did_you_mean(name, NAMES)}")
    for what, number in (("n", n), ("d", d), ("classes", classes), ("outputs", outputs)):
        if number is not None and number < 1:
            raise OptionError(f"{what} must be at least 1, not {number}.")
    if name == "sphere" and d == 1 and n > 2:
        raise OptionError(f"n must be at most 2 for unit vectors with one feature, not {n}.")
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % (classes or (_CENTRES if name == "clusters" else 2))
    if name != "collinear":
        codes = rng.permutation(codes)
    X = _clusters(codes, d, rng) if name == "clusters" else _POINTS[name](n, d, rng)
    if classes is not None:
        return DataSet.from_arrays(X, codes, task="classes")
    targets = rng.standard_normal((n, outputs))
    own = name in {"collinear", "clusters"}  # these have one target per code
    return DataSet.from_arrays(X, targets[codes] if own else targets, task="real")


def _gaussian(n: int, d: int, rng: np.random.Generator) -> Array:
    return rng.standard_normal((n, d))


def _sphere(n: int, d: int, rng: np.random.Generator) -> Array:
    if d == 1:
        return np.array([[1.0], [-1.0]])[:n]
    X: Array = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X


def _grid(n: int, d: int, rng: np.random.Generator) -> Array:
    del rng
    side, rest = _side(n, d), np.arange(n)
    X = np.empty((n, d), dtype=np.int64)
    for j in reversed(range(d)):
        rest, X[:, j] = np.divmod(rest, side)
    return X


def _integers(n: int, d: int, rng: np.random.Generator) -> Array:
    side = 4 * _side(n, d)
    X = rng.integers(side, size=(n, d))
    while (missing := np.flatnonzero(group_equal_rows(X) != np.arange(n))).size:
        X[missing] = rng.integers(side, size=(missing.size, d))
    return X


def _collinear(n: int, d: int, rng: np.random.Generator) -> Array:
    return np.arange(1, n + 1)[:, None] * rng.integers(1, 10, size=d)


def _clusters(codes: Integers, d: int, rng: np.random.Generator) -> Array:
    centres = 10 * rng.standard_normal((int(codes.max()) + 1, d))
    return centres[codes] + rng.standard_normal((len(codes), d))


def _side(n: int, d: int) -> int:
    """The least side of a lattice of d dimensions with n points."""
    side: int = max(1, round(n ** (1 / d)) - 1)
    while side**d < n:
        side += 1
    return side


_Points: TypeAlias = Callable[[int, int, np.random.Generator], Array]
_POINTS: dict[str, _Points] = {
    "gaussian": _gaussian,
    "sphere": _sphere,
    "grid": _grid,
    "integers": _integers,
    "collinear": _collinear,
}
NAMES = (*_POINTS, "clusters")
"""Names of the data sets."""
