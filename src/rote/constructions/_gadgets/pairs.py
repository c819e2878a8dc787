r"""Antisymmetric pairs of units that fit n real labels, by Gauss-Newton steps of least norm.

Each of h base units $\psi(w_l \cdot x + b_l)$ is taken twice, with opposite signs, and the copies
move in opposite directions:

.. math:: f_U(x) = \alpha \sum_l s_l \bigl[\psi((w_l + U_l) \cdot x + b_l + e_l)
          - \psi((w_l - U_l) \cdot x - e_l + b_l)\bigr], \qquad s_l = \pm 1.

Then $f_0 = 0$ and $f_{-U} = -f_U$, so the error of the linear prediction is of third order. At
$U = 0$ row i of the Jacobian is $2 \alpha\, D_i \otimes (x_i, 1)$ with $D_{il} = s_l \psi'(w_l
\cdot x_i + b_l)$. If it has rank n, the inverse function theorem gives an exact fit for every large
enough $\alpha$: the labels $y / \alpha$ lie close to $f_0$.

The step of least norm $J^T (J J^T)^{-1} r$ needs only the Gram matrix $J J^T = (X X^T + 1) \circ
(D D^T)$, of shape (n, n): the Jacobian is never formed. Its Cholesky factor squares the condition
number; steps of refinement with the true Jacobian make that good, and further steps with the same
factor, as long as they are worth it, save decompositions. The size of $\alpha$, the tolerances and
the choice among bases are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rote.constructions._gadgets.slopes import Curve
from rote.typing import Floats

__all__ = ["ACCURATE", "Base", "Pairs", "fit_pairs", "gram_of_points"]

ACCURATE = 1e-12
"""Relative residual at which a fit is finished. Ours."""

_MOVE = 2.0
"""How far the linear prediction may move an affine sum: 99 in 100 move less. Ours."""

_GROWTH = 8.0
"""Factor of the output scale after a failure, and how often that is tried. Ours."""
_TRIES = 3

_SHIFTS = (4e-16, 1e-14, 1e-12, 1e-10)
"""Multiples of the mean diagonal entry added to the Gram matrix until it has a factor. Ours."""

_STEPS = 20
_REFINEMENTS = 3
_STALLED = 0.9
_WORTH = 0.1
"""A further step with an old factor is taken while the last left less than this fraction. Ours."""

_GOOD_ENOUGH = 1e3
"""Output scale times affine sum beyond which the next base is tried: it leaves 2e-12. Ours."""


@dataclass(frozen=True, eq=False)
class Base:
    """Units before they move: weights of shape (h, d) and biases of shape (h,)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of units and how well they fit.

    Attributes:
        base: The units before they moved.
        move: Weights by which the first copies moved, shape (h, d).
        shift: Biases by which they moved, shape (h,).
        output: Output weights of the first copies, shape (h,); the second ones have the opposite.
        residual: Euclidean norm of what is left of the labels over that of the labels.
        decompositions: How many Gram matrices were factored.
    """

    base: Base
    move: Floats
    shift: Floats
    output: Floats
    residual: float
    decompositions: int


def gram_of_points(points: Floats) -> Floats:
    """The matrix $X X^T + 1$, shape (n, n), that all fits on the same points share."""
    gram = points @ points.T
    gram += 1.0
    return gram


def fit_pairs(
    points: Floats,
    gram: Floats,
    y: Floats,
    bases: Iterable[Base],
    curves: Sequence[Curve],
    rng: np.random.Generator,
) -> Pairs | None:
    """Fit labels with the best of several bases.

    Args:
        points: Shape (n, d), of order 1.
        gram: What :func:`gram_of_points` returned.
        y: Labels, shape (n,), not all zero.
        bases: Candidates; those that promise large rounding errors are tried last.
        curves: The activation, preceded by what to fit first: each fit starts from the last.
        rng: Source of the signs.

    Returns:
        The pairs, which may fit badly if no Newton iteration converged; None if no base has a
        Gram matrix of full rank.
    """
    task = _Task(points, gram, float(np.linalg.norm(y)))
    best: Pairs | None = None
    for start in _by_promise(task, bases, y, curves[0], rng):
        found = _escalate(task, start, y, curves)
        if best is None or found.residual < best.residual:
            best = found
        if best.residual <= _tolerance(start.price):
            break
    return None if best is None else replace(best, decompositions=task.decompositions)


def _by_promise(
    task: _Task, bases: Iterable[Base], y: Floats, psi: Curve, rng: np.random.Generator
) -> Iterator[_Start]:
    """Good bases as they come, then the others, those that promise smaller errors first."""
    others = []
    for base in bases:
        start = _Start.of(task, base, rng.choice([-1.0, 1.0], len(base.bias)), y, psi)
        if start is not None and start.price < _GOOD_ENOUGH:
            yield start
        elif start is not None:
            others.append(start)
    yield from sorted(others, key=lambda start: start.price)


@dataclass(eq=False)
class _Task:
    """The points, their Gram matrix, the norm of the labels, and the work done."""

    points: Floats
    gram: Floats
    norm: float
    decompositions: int = 0

    def factor(self, slopes: Floats) -> _Factor | None:
        """The Cholesky factor of the Jacobian with these slopes; None if it has none."""
        from scipy.linalg.lapack import dpotrf

        for shift in _SHIFTS:
            k = slopes @ slopes.T
            k *= self.gram
            k[np.diag_indices(len(k))] += shift * np.trace(k) / len(k)
            self.decompositions += 1
            lower, failed = dpotrf(k.T, lower=1, overwrite_a=1, clean=0)
            if not failed and np.isfinite(lower[-1, -1]):
                return _Factor(self.points, slopes, lower)
        return None


@dataclass(frozen=True, eq=False)
class _Factor:
    """A Jacobian, by its slopes of shape (n, h), with the Cholesky factor of its Gram matrix."""

    points: Floats
    slopes: Floats
    lower: Any

    def step(self, r: Floats) -> tuple[Floats, Floats]:
        """The least move and shift that the Jacobian maps to r."""
        move, shift = self._plain(r)
        left = np.linalg.norm(r)
        for _ in range(_REFINEMENTS):
            rest = r - self._image(move, shift)
            size = np.linalg.norm(rest)
            if not size < left / 2 or size < ACCURATE / 10 * np.linalg.norm(r):
                break
            left = size
            more, further = self._plain(rest)
            move, shift = move + more, shift + further
        return move, shift

    def _plain(self, r: Floats) -> tuple[Floats, Floats]:
        from scipy.linalg.lapack import dpotrs

        a, _ = dpotrs(self.lower, r, lower=1)
        weighted = self.slopes * a[:, None]
        return weighted.T @ self.points, weighted.sum(axis=0)

    def _image(self, move: Floats, shift: Floats) -> Floats:
        image: Floats = np.einsum("nh,nh->n", self.slopes, self.points @ move.T + shift)
        return image


@dataclass(frozen=True, eq=False)
class _Start:
    """A base with its linear prediction.

    Attributes:
        base: The units.
        signs: Their signs, shape (h,).
        sums: Their affine sums, shape (n, h).
        scale: Output weight at which the prediction moves the sums by little.
        price: That times the sums' size: rounding errors are in proportion to it.
    """

    base: Base
    signs: Floats
    sums: Floats
    scale: float
    price: float

    @classmethod
    def of(cls, task: _Task, base: Base, signs: Floats, y: Floats, psi: Curve) -> _Start | None:
        sums = task.points @ base.weight.T + base.bias
        factor = task.factor(2 * signs * psi.slope(sums))
        if factor is None:
            return None
        move, shift = factor.step(y)
        moved = np.abs(task.points @ move.T + shift)
        scale = float(np.quantile(moved, 0.99)) / _MOVE
        if not 0 < scale < np.inf:
            return None
        size = float(np.sqrt(np.mean(sums**2))) + 1
        rms = task.norm / np.sqrt(len(y))
        return cls(base, signs, sums, scale, scale / rms * size)


def _tolerance(price: float) -> float:
    """The relative residual that rounding errors leave."""
    return min(max(ACCURATE, 1e-14 * price), 1e-9)


def _escalate(task: _Task, start: _Start, y: Floats, curves: Sequence[Curve]) -> Pairs:
    """Newton's method with growing output scales, until one converges."""
    best: Pairs | None = None
    scale = start.scale
    for _ in range(_TRIES):
        state = _State.at_rest(start)
        for psi in curves[:-1]:
            state = _newton(task, start, state, y / scale, psi, 1e-2)
        state = _newton(task, start, state, y / scale, curves[-1], ACCURATE)
        found = state.pairs(start, scale, y, curves[-1])
        if best is None or found.residual < best.residual:
            best = found
        if found.residual <= _tolerance(start.price * scale / start.scale):
            return found
        scale *= _GROWTH
    assert best is not None
    return best


@dataclass(frozen=True, eq=False)
class _State:
    """How far the units have moved: weights (h, d), biases (h,), affine sums (n, h)."""

    move: Floats
    shift: Floats
    sums: Floats

    @classmethod
    def at_rest(cls, start: _Start) -> _State:
        zero = np.zeros_like
        return cls(zero(start.base.weight), zero(start.base.bias), zero(start.sums))

    def pairs(self, start: _Start, scale: float, y: Floats, psi: Curve) -> Pairs:
        left = y / scale - self.value(start, psi)
        residual = float(np.linalg.norm(left) / np.linalg.norm(y / scale))
        return Pairs(start.base, self.move, self.shift, scale * start.signs, residual, 0)

    def value(self, start: _Start, psi: Curve) -> Floats:
        """The outputs at scale 1, shape (n,)."""
        return (psi.value(start.sums + self.sums) - psi.value(start.sums - self.sums)) @ start.signs

    def slopes(self, start: _Start, psi: Curve) -> Floats:
        """The slopes by which the Jacobian is given, shape (n, h)."""
        return start.signs * (psi.slope(start.sums + self.sums) + psi.slope(start.sums - self.sums))


def _newton(
    task: _Task, start: _Start, state: _State, t: Floats, psi: Curve, target: float
) -> _State:
    """Steps towards the labels t until the relative residual is at the target or stalls."""
    norm = np.linalg.norm(t)
    r = t - state.value(start, psi)
    size = np.linalg.norm(r)
    for _ in range(_STEPS):
        if size <= target * norm:
            break
        factor = task.factor(state.slopes(start, psi))
        if factor is None:
            break
        before = size
        fresh = True
        while size > 0:
            move, shift = factor.step(r)
            new, r_new = _line_search(task, start, state, t, psi, (move, shift), float(size), fresh)
            if new is None:
                break
            ratio = np.linalg.norm(r_new) / size
            state, r, size, fresh = new, r_new, np.linalg.norm(r_new), False
            if ratio > _WORTH or size <= target * norm / 100:
                break
        if not size < _STALLED * before:
            break
    return state


def _line_search(
    task: _Task,
    start: _Start,
    state: _State,
    t: Floats,
    psi: Curve,
    step: tuple[Floats, Floats],
    size: float,
    fresh: bool,
) -> tuple[_State | None, Floats]:
    """The longest of some halved steps that makes the residual smaller; None if none does."""
    move, shift = step
    sums = task.points @ move.T + shift
    length = 1.0
    for _ in range(8 if fresh else 1):
        new = _State(
            state.move + length * move, state.shift + length * shift, state.sums + length * sums
        )
        r = t - new.value(start, psi)
        if np.linalg.norm(r) < (1 - 1e-3 * length) * size:
            return new, r
        length /= 2
    return None, t
