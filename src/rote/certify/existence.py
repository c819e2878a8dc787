r"""The claim ``exists``: weights near the stored ones fit every real target exactly.

Let $F(\theta)$ be the errors at all points as a function of the last two layers' weights, $J$ its
derivative at the stored ones, and $A$ any matrix with $J A \approx I$. Look for $\theta + A u$ with
$F(\theta + A u) = 0$. In the largest norm, let

- $|F(\theta)| \le \eta$, from outputs enclosed in balls;
- $|J A - I| \le \kappa$, from a float product and the bound of its rounding errors, with slopes
  and units enclosed in balls;
- $|(J(\theta + A u) - J) A| \le \Lambda |u|$, from bounds of the activation's derivatives.

The map $u \mapsto u - F(\theta + A u)$ then contracts $|u| \le \rho = 2 \eta / (1 - \kappa)$ into
itself if $\kappa < 1$ and $2 \rho \Lambda \le 1 - \kappa$, so there is a zero: the theorem of
Newton and Kantorovich [kantorovich1948] with an approximate inverse. No weight moves by more than
$\max_p \sum_q |A_{pq}| \rho$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import flint
import numpy as np
from flint import arb

from rote.certify.ball import Ball, BallLayer, activate, as_balls, through
from rote.certify.verdict import Verdict
from rote.exact.rounding import SMALLEST_NORMAL, UNIT, gamma
from rote.network import Activation, Affine, Network, Value
from rote.typing import Array, Floats, Progress

__all__ = ["DERIVATIVES", "no_existence", "prove_existence"]

DERIVATIVES = {
    "tanh": (1.0, 0.7699),
    "sigmoid": (0.25, 0.0963),
    "softplus": (1.0, 0.25),
    "silu": (1.1, 0.5),
    "gelu": (1.13, 0.798),
    "sin": (1.0, 1.0),
}
"""Bounds of the absolute first and second derivatives, rounded up."""

_BITS = 128
_POINTS = 200
_NUMBERS = 50_000_000
"""Entries of the Jacobian up to which the claim is proved, 400 MB. Ours."""


def no_existence(network: Network, rows: int) -> str:
    """Why the claim has no meaning here, or is not tried; empty if it is.

    Args:
        network: The network.
        rows: Points times outputs.

    Returns:
        The reason.
    """
    if not isinstance(network.decision, Value):
        return "Labels of classes are decided, not met exactly."
    layers = network.layers[-2:]
    if len(layers) < 2 or not all(isinstance(layer, Affine) for layer in layers):
        return "It needs a hidden layer before the last one."
    hidden, last = layers
    assert isinstance(hidden, Affine)
    assert isinstance(last, Affine)
    if not isinstance(hidden.activation, Activation) or hidden.activation.kind not in DERIVATIVES:
        return f"The last hidden layer must have one of {', '.join(DERIVATIVES)}."
    if hidden.shared or last.shared or not last.linear or network.dtype == "exact":
        return "The last two layers must have float weights of their own, the last no activation."
    parameters = hidden.weight.size + hidden.bias.size + last.weight.size + last.bias.size
    if rows * parameters > _NUMBERS:
        return f"A Jacobian of {rows} x {parameters} entries is too large."
    return ""


def prove_existence(network: Network, points: Array, target: Array, progress: Progress) -> Verdict:
    r"""Prove that a network with exactly these targets is near.

    Args:
        network: One for which :func:`no_existence` has no objection.
        points: Shape (n, d), as the network receives them.
        target: Shape (n, k).
        progress: Called as ``progress("exists", points enclosed, n)``.

    Returns:
        The verdict: all points or none. Its audit holds ``radius``, the most that a weight of the
        last two layers need move, ``residual`` $\eta$, ``contraction`` $\kappa$ and ``curvature``
        $\Lambda$.
    """
    hidden, last = network.layers[-2:]
    assert isinstance(hidden, Affine)
    assert isinstance(last, Affine)
    enclosed = _enclose(network, hidden, last, points, target, progress)
    v = last.weight.astype(np.float64)
    inverse = _right_inverse(_jacobian(enclosed, v))
    right = np.zeros(len(points), np.bool_)
    arithmetic = f"Newton-Kantorovich, float64 bounds on balls of {_BITS} bits"
    if inverse is None:
        reason = "The Jacobian has no right inverse in float64."
        return Verdict(right, None, reason, arithmetic, {"residual": enclosed.residual})
    assert isinstance(hidden.activation, Activation)
    reach = _above(np.abs(inverse).sum(axis=1), inverse.shape[1])
    kappa, curvature = _bounds(enclosed, v, inverse, reach, DERIVATIVES[hidden.activation.kind])
    audit = {"residual": enclosed.residual, "contraction": kappa, "curvature": curvature}
    if not (kappa < 1 and 4.01 * enclosed.residual * curvature <= (1 - kappa) ** 2):
        reason = (
            f"Residual {enclosed.residual:.1e}, contraction {kappa:.1e} and curvature "
            f"{curvature:.1e} are too large together."
        )
        return Verdict(right, None, reason, arithmetic, audit)
    radius = float(reach.max()) * 2.01 * enclosed.residual / (1 - kappa)
    return Verdict(~right, None, "", arithmetic, {"radius": radius, **audit})


@final
@dataclass(frozen=True, eq=False)
class _Enclosed:
    """Midpoints and radii of what the Jacobian is made of, and the residual.

    Attributes:
        x: Inputs of the last hidden layer, (n, m).
        x_off: How far off they may be.
        slopes: Derivatives of the units, (n, h).
        slopes_off: How far off.
        units: Values of the units, (n, h).
        units_off: How far off.
        residual: Bound of the largest error of an output.
    """

    x: Floats
    x_off: Floats
    slopes: Floats
    slopes_off: Floats
    units: Floats
    units_off: Floats
    residual: float


def _enclose(
    network: Network, hidden: Affine, last: Affine, points: Array, target: Array, progress: Progress
) -> _Enclosed:
    n, parts, residual = len(points), [], 0.0
    with flint.ctx.workprec(_BITS):
        before, layer, output = through(network.layers[:-2]), *map(BallLayer.of, (hidden, last))
        kind = layer.activations[0]
        for start in range(0, n, _POINTS):
            some = slice(start, start + _POINTS)
            x = before(as_balls(points[some]))
            sums = layer.sums(x)
            units = np.array([[activate(kind, t) for t in row] for row in sums], object)
            slopes = np.array([[_slope(kind, t) for t in row] for row in sums], object)
            errors = output.sums(units) - as_balls(target[some])
            residual = max(residual, *(_upper(abs(e)) for e in errors.ravel()))
            parts.append([half for balls in (x, slopes, units) for half in _split(balls)])
            progress("exists", min(start + _POINTS, n), n)
    x, x_off, slope, slope_off, unit, unit_off = map(np.concatenate, zip(*parts, strict=True))
    return _Enclosed(x, x_off, slope, slope_off, unit, unit_off, residual)


def _slope(activation: Activation, t: Ball) -> Ball:
    """An enclosure of the derivative of a smooth activation over a ball."""
    match activation.kind:
        case "tanh":
            return 1 - t.tanh() ** 2
        case "sin":
            return t.cos()
        case "gelu":
            density = (-t * t / 2).exp() / (2 * arb.pi()).sqrt()
            return (-t / arb(2).sqrt()).erfc() / 2 + t * density
    s = activate(Activation("sigmoid"), t)
    match activation.kind:
        case "sigmoid":
            return s * (1 - s)
        case "silu":
            return s * (1 + t * (1 - s))
    return s  # softplus


def _upper(ball: Ball) -> float:
    """A float that is at least as large as everything in a ball; infinite if there is none."""
    value = float(ball.upper())
    return float(np.nextafter(value, np.inf)) if np.isfinite(value) else np.inf


def _split(balls: Array) -> tuple[Floats, Floats]:
    """Floats near the midpoints, and how far everything in the balls is from them at most."""
    middle = np.array([[float(b.mid()) for b in row] for row in balls])
    off = [
        [_upper(abs(b - arb(m))) for b, m in zip(row, mids, strict=True)]
        for row, mids in zip(balls, middle.tolist(), strict=True)
    ]
    return middle, np.array(off)


def _jacobian(e: _Enclosed, v: Floats) -> Floats:
    """The float Jacobian, (n k, P): rows by point, then output; columns W, b, V, c."""
    n, k, h = len(e.x), *v.shape
    lifted = np.hstack([e.x, np.ones((n, 1))])
    units = np.hstack([e.units, np.ones((n, 1))])
    rows = np.zeros((n, k, h * lifted.shape[1] + k * (h + 1)))
    for q in range(k):
        first = (e.slopes * v[q])[:, :, None] * lifted[:, None, :]
        rows[:, q, : first[0].size] = first.reshape(n, -1)
        start = first[0].size + q * (h + 1)
        rows[:, q, start : start + h + 1] = units
    return rows.reshape(n * k, -1)


def _right_inverse(jacobian: Floats) -> Floats | None:
    """About $J^T (J J^T)^{-1}$, shape (P, R), from an orthogonal decomposition."""
    if len(jacobian) > jacobian.shape[1]:
        return None
    q, r = np.linalg.qr(jacobian.T)
    try:
        inverse: Floats = np.linalg.solve(r, q.T).T
    except np.linalg.LinAlgError:
        return None
    return inverse if np.isfinite(inverse).all() else None


def _bounds(
    e: _Enclosed, v: Floats, inverse: Floats, reach: Floats, derivatives: tuple[float, float]
) -> tuple[float, float]:
    r"""Bounds of $\kappa$ and $\Lambda$; ``reach`` holds the row sums of $|A|$."""
    n, k, h = len(e.x), *v.shape
    m, terms = e.x.shape[1], e.x.shape[1] + h + 8
    jacobian = _jacobian(e, v)
    parameters = jacobian.shape[1]
    product = jacobian @ inverse
    product[np.diag_indices(len(product))] -= 1
    defect = _above(np.abs(product).sum(axis=1), len(product))
    unit = UNIT["float64"]
    rounding = gamma(parameters + 2, unit) * _above(np.abs(jacobian) @ reach, parameters)
    rounding += parameters * SMALLEST_NORMAL["float64"] * len(product)

    by_input, by_output = np.split(reach, [h * (m + 1)])
    by_input, by_output = by_input.reshape(h, m + 1), by_output.reshape(k, h + 1)[:, :-1]
    moved = _above(np.abs(e.x) @ by_input[:, :-1].T + by_input[:, -1], terms)
    moved_off = _above(e.x_off @ by_input[:, :-1].T, terms)
    steepest, bent = derivatives
    off, curvature = np.empty((n, k)), np.empty((n, k))
    for q in range(k):
        size, out = np.abs(v[q]), by_output[q]
        slopes = np.abs(e.slopes)
        each = size * (
            (e.slopes_off + 4 * unit * slopes) * moved + (slopes + e.slopes_off) * moved_off
        )
        off[:, q] = (each + e.units_off * out).sum(axis=1)
        whole = moved + moved_off
        curvature[:, q] = (size * bent * whole**2 + 2 * steepest * out * whole).sum(axis=1)
    kappa = _above(defect + rounding + _above(off.ravel(), terms), 4).max()
    return float(kappa), float(_above(curvature, terms).max())


def _above(value: Any, terms: int) -> Any:
    """At least the true value of a computed sum of that many products of numbers >= 0."""
    return value * (1 + 4 * gamma(terms + 4, UNIT["float64"])) + terms * SMALLEST_NORMAL["float64"]
