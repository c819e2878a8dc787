r"""SGD from near a memorizer: it comes close to a minimum of the risk before it drifts away.

**Theorem 5.1** [yun2019]. Let $\theta^*$ memorize n points, with the risk
$R(\theta) = \frac{1}{n} \sum_i \ell(f_\theta(x_i); y_i)$, one output, a piecewise linear activation
and no unit at a kink at $\theta^*$, and $\ell$ strictly convex and three times differentiable.
There are constants $\rho, \gamma, \lambda, \tau, K$ such that SGD without replacement, in
mini-batches of B points with a step $\eta < \gamma$, from any start with $|\xi^0| \le \rho$,
$\xi = \theta - \theta^*$, contracts once per epoch,

.. math:: |\xi_\parallel^{t+1}| \le (1 - \eta \lambda) |\xi_\parallel^t| \quad\text{while}\quad
    \tau |\xi^t|^2 \le |\xi_\parallel^t|, \qquad\text{and}\qquad |\xi^t| \le 2 |\xi^0|,

where $\xi_\parallel$ is the part in the span of the gradients $\nu_i = \nabla f_{\theta^*}(x_i)$.
At the first epoch where the condition fails the risk is at most $16 K |\xi^0|^4$ above its minimum.

*Here* $\ell(z; y) = (z - y)^2 / 2$, and y is what the network puts out at $\theta^*$, so that it
memorizes exactly. The theorem gives no numbers; ours come from the matrix
$G_{ij} = \nu_i \cdot \nu_j$. To first order a step with batch b multiplies the errors f - y by
$1 - \frac{\eta}{B} G P_b$, with $P_b$ the projection on b; an epoch is a product of these, and for
small steps about $1 - \frac{\eta}{B} G$. Its eigenvalues on the range of G are the contraction. The
step $\eta = 1 / \max_i |\nu_i|^2$ and the radius within which the first order holds are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.data import DataSet
from rote.errors import AssumptionError, OptionError
from rote.network import Network
from rote.optimize.parameters import Parameters
from rote.typing import Array, Floats, Integers, Progress, no_progress

__all__ = ["Descent", "descend"]

_DECADES = 5
"""Perturbations at 1, 1/10, ..., 1/10^4 of the radius: over four decades."""
_NULL = 1e-12
"""Eigenvalues below this fraction of the largest count as 0. Ours."""
_NONLINEAR = 0.1
"""Relative error of the first order at the radius. Ours."""


@dataclass(frozen=True, eq=False)
class Descent:
    """What SGD did from several distances.

    Attributes:
        radius: The distances rho of the starts, shape (m,), the largest first.
        risk: R after 0, 1, ..., T epochs, shape (m, T + 1).
        distance: |xi|, shape (m, T + 1).
        parallel: The part of xi in the span of the gradients, shape (m, T + 1).
        predicted: R / rho^2 to first order, for the same batches, shape (T + 1,).
        contraction: By how much an epoch shrinks the slowest error, to first order: the largest
            modulus of an eigenvalue on the range of G, for the first epoch's batches.
        step: The step eta.
        batch: Points in a mini-batch.
        eigenvalues: Those of G, in decreasing order, shape (n,).
    """

    radius: Floats
    risk: Floats
    distance: Floats
    parallel: Floats
    predicted: Floats
    contraction: float
    step: float
    batch: int
    eigenvalues: Floats


def descend(
    network: Network,
    data: DataSet,
    *,
    epochs: int = 100,
    batch: int = 1,
    step: float | None = None,
    radius: float | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Descent:
    """Run SGD without replacement from one random direction at distances over four decades.

    Args:
        network: A memorizer with one output, in floats; computed in float64.
        data: The points.
        epochs: Passes T over the points.
        batch: Points in a mini-batch B, at most n; the last one of an epoch may be smaller.
        step: The step eta; by default 1 over the largest squared norm of a gradient.
        radius: The largest distance; by default where the first order is off by a tenth.
        seed: Seed of direction and order.
        progress: Called as ``progress("epochs", done, total)``.

    Returns:
        The risks and distances, and what is predicted from the eigenvalues.

    Raises:
        OptionError: If an argument has no meaning.
        AssumptionError: If the network does not depend on its parameters, or only within rounding,
            in the direction that was drawn.
    """
    if epochs < 1 or not 1 <= batch <= data.n:
        raise OptionError(
            f"Epochs must be at least 1 and a batch hold 1 to {data.n} points, not {epochs} and "
            f"{batch}."
        )
    for name, value in (("step", step), ("radius", radius)):
        if value is not None and not 0 < value < np.inf:
            raise OptionError(f"Argument {name!r} must be positive and finite, not {value}.")
    model, points, rng = Parameters(network), data.floats(), np.random.default_rng(seed)
    y = model.outputs(model.theta, points)
    gradients = model.jacobian(model.theta, points)
    linear = _Linear(gradients, batch, step or 1 / float(np.square(gradients).sum(axis=1).max()))
    direction = rng.standard_normal(len(model.theta))
    direction /= np.linalg.norm(direction)
    largest = radius or _radius(model, points, gradients @ direction, direction)
    radii = np.array([largest / 10.0**k for k in range(_DECADES)])
    risk, distance, parallel = (np.empty((_DECADES, epochs + 1)) for _ in range(3))
    for k, rho in enumerate(radii):
        theta, order = model.theta + rho * direction, np.random.default_rng(seed)
        for epoch in range(epochs + 1):
            xi = theta - model.theta
            risk[k, epoch] = np.square(model.outputs(theta, points) - y).mean() / 2
            distance[k, epoch] = np.linalg.norm(xi)
            parallel[k, epoch] = np.linalg.norm(linear.basis @ xi)
            if epoch < epochs:
                for part in _batches(data.n, batch, order):
                    slope = model.gradient(theta, points[part], y[part])
                    theta = theta - linear.step * slope
            progress("epochs", k * (epochs + 1) + epoch + 1, _DECADES * (epochs + 1))
    return Descent(
        radius=radii,
        risk=risk,
        distance=distance,
        parallel=parallel,
        predicted=linear.risks(gradients @ direction, epochs, np.random.default_rng(seed)),
        contraction=linear.contraction(np.random.default_rng(seed)),
        step=linear.step,
        batch=batch,
        eigenvalues=linear.values,
    )


def _batches(n: int, batch: int, rng: np.random.Generator) -> list[Integers]:
    """One pass over the points in a new random order."""
    order = rng.permutation(n)
    return [order[start : start + batch] for start in range(0, n, batch)]


def _radius(model: Parameters, points: Array, slope: Floats, direction: Floats) -> float:
    """The largest power of ten at which the first order is right to within a tenth."""
    scale = float(np.linalg.norm(slope))
    y = model.outputs(model.theta, points)
    signs = np.where(direction < 0, -1.0, 1.0)
    rounded = model.outputs(model.theta * (1 + signs * np.finfo(np.float64).eps), points) - y
    least = 10.0**_DECADES * float(np.linalg.norm(rounded)) / (scale or 1.0)
    radius = 10.0 ** np.floor(np.log10(np.linalg.norm(model.theta)))
    while scale and radius > least:
        change = model.outputs(model.theta + radius * direction, points) - y
        if np.linalg.norm(change - radius * slope) <= _NONLINEAR * radius * scale:
            return float(radius)
        radius /= 10
    raise AssumptionError(
        "The network must be differentiable at its parameters, and clearly so in its arithmetic; "
        "its outputs change otherwise than by its gradients. Take one without units at a kink, or "
        "with smaller weights."
    )


class _Linear:
    """What the gradients at the memorizer say of SGD, to first order."""

    def __init__(self, gradients: Floats, batch: int, step: float) -> None:
        self.gram, self.batch, self.step = gradients @ gradients.T, batch, step
        values, vectors = np.linalg.eigh(self.gram)
        self.values: Floats = np.maximum(values[::-1], 0.0)
        used = self.values > _NULL * self.values[0]
        self.range: Floats = vectors[:, ::-1][:, used]
        # Orthonormal rows that span the gradients.
        self.basis: Floats = self.range.T @ gradients / np.sqrt(self.values[used])[:, None]

    def epoch(self, errors: Floats, rng: np.random.Generator) -> Floats:
        """Errors (n, m) after one epoch."""
        for part in _batches(len(errors), self.batch, rng):
            errors = errors - self.step / len(part) * self.gram[:, part] @ errors[part]
        return errors

    def risks(self, slope: Floats, epochs: int, rng: np.random.Generator) -> Floats:
        """R / rho^2 after 0, 1, ... epochs, shape (epochs + 1,)."""
        errors, risks = slope[:, None], []
        for epoch in range(epochs + 1):
            risks.append(float(np.square(errors).mean()) / 2)
            if epoch < epochs:
                errors = self.epoch(errors, rng)
        return np.array(risks)

    def contraction(self, rng: np.random.Generator) -> float:
        """The largest modulus of an eigenvalue of the first epoch, on the range of G."""
        return float(np.abs(np.linalg.eigvals(self.range.T @ self.epoch(self.range, rng))).max())
