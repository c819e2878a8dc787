r"""Residual fitting: ReLU units added a few at a time, each time the best multiple of a proposal.

A proposal for the residual r is a function g of few units. With values $g_i$ on the points, exact
line search adds $\eta g$ with $\eta = \langle r, g \rangle / |g|^2$, which takes
$\langle r, g \rangle^2 / |g|^2$ off the squared error. What is proposed is the theorem's part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rote.data import DataSet
from rote.network import Network
from rote.typing import Floats, Progress

__all__ = ["Fit", "Goal", "Proposal", "best_column", "fit_residual", "refit", "squared_error"]

_REFINEMENTS = 8
"""Most corrections of a refit with the same factorization. Ours."""
_RIDGE = 1e-14
"""Ridge of a refit over the mean diagonal: keeps the factorization going at full rank. Ours."""
_IDLE = 1000
"""Proposals in a row without effect before fitting gives up. Ours."""


@dataclass(frozen=True, eq=False)
class Proposal:
    """A function of few units.

    Attributes:
        rows: Affine functions of the units, shape (m, D).
        output: Their output weights, shape (m,).
        values: The function on the points, shape (n,).
    """

    rows: Floats
    output: Floats
    values: Floats


@dataclass(frozen=True)
class Goal:
    """When to stop: both conditions hold.

    Attributes:
        per_point: Every residual is at most this.
        squared: The sum of squared residuals is at most this.
    """

    per_point: float = np.inf
    squared: float = np.inf

    def reached(self, residual: Floats) -> bool:
        """Whether a residual of shape (n,) is small enough."""
        return bool(
            residual @ residual <= self.squared and np.abs(residual).max() <= self.per_point
        )


@dataclass(frozen=True, eq=False)
class Fit:
    """The units found.

    Attributes:
        rows: Affine functions of the units, shape (m, D).
        output: Output weights, shape (m,).
        residual: What remains of the labels, shape (n,).
        rounds: Proposals used.
        reached: Whether the goal was reached.
    """

    rows: Floats
    output: Floats
    residual: Floats
    rounds: int
    reached: bool


def best_column(residual: Floats, values: Floats) -> int:
    """Which of the functions with these values, shape (n, c), takes most off the residual."""
    product, square = residual @ values, np.square(values).sum(axis=0)
    return int(np.argmax(np.square(product) / np.where(square > 0, square, np.inf)))


def fit_residual(
    y: Floats,
    propose: Callable[[Floats], Proposal],
    goal: Goal,
    limit: int,
    progress: Progress,
) -> Fit:
    """Add proposals until the goal or the limit is reached.

    Args:
        y: Labels, shape (n,).
        propose: Makes a proposal for a residual; values that are all 0 are passed over.
        goal: When to stop.
        limit: Most proposals.
        progress: Called once per round.

    Returns:
        The fit, at the goal or not.
    """
    residual = y.copy()
    rows: list[Floats] = []
    output: list[Floats] = []
    idle = 0
    while not goal.reached(residual) and len(rows) < limit and idle < _IDLE:
        progress("rounds", len(rows), limit)
        proposal = propose(residual)
        square = float(proposal.values @ proposal.values)
        product = float(residual @ proposal.values)
        if not (square > 0 and np.isfinite(square) and product):
            idle += 1
            continue
        idle = 0
        factor = product / square
        residual = residual - factor * proposal.values
        rows.append(proposal.rows)
        output.append(factor * proposal.output)
    return Fit(
        rows=np.concatenate(rows) if rows else np.empty((0, 0)),
        output=np.concatenate(output) if output else np.empty(0),
        residual=residual,
        rounds=len(rows),
        reached=goal.reached(residual),
    )


def refit(points: Floats, fit: Fit, goal: Goal) -> Fit:
    """The same units with output weights corrected by least squares.

    The correction is the one of least norm, each unit measured by the length of its row, so that
    it adds little total weight. It is exact where there are n independent units or more.

    Args:
        points: Shape (n, D).
        fit: Units and residual.
        goal: When the residual is small enough.

    Returns:
        The corrected fit; the given one where that has the smaller residual.
    """
    import scipy.linalg  # slow to load, and refits are rare

    if not len(fit.output):
        return fit
    scale = 1 / np.sqrt(np.square(fit.rows).sum(axis=1))
    units = np.maximum(points @ fit.rows.T, 0) * scale
    gram = units @ units.T
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram)
    try:
        factor = scipy.linalg.cho_factor(gram, overwrite_a=True)
    except np.linalg.LinAlgError:
        return fit
    change, best = np.zeros(len(scale)), fit
    residual = fit.residual
    for _ in range(_REFINEMENTS):
        change = change + units.T @ scipy.linalg.cho_solve(factor, residual)
        residual = fit.residual - units @ change
        if not np.abs(residual).max() < np.abs(best.residual).max():
            break
        output = fit.output + change * scale
        best = Fit(fit.rows, output, residual, fit.rounds, goal.reached(residual))
    return best


def squared_error(network: Network, data: DataSet) -> float:
    r"""The theorems' measure of an approximate memorizer: $|f - y|^2 / |y|^2$, in float64.

    Args:
        network: A network in a float arithmetic.
        data: Real targets, or classes, whose codes count as targets.

    Returns:
        The relative squared error; 0 where all targets are 0 and met.
    """
    target = data.target.reshape(data.n, -1).astype(np.float64)
    error = float(np.square(network.raw(data.points).astype(np.float64) - target).sum())
    return error / (float(np.square(target).sum()) or 1.0)
