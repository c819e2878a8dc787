r"""One hidden ReLU layer by complex recombination: few units and total weight near sqrt(n).

**Theorem** [bubeck2020]. Let $x_1, \dots, x_n$ be well dispersed unit vectors in $R^d$. For any
labels a network with $O(\frac{n}{d} \cdot \frac{\log(1/\epsilon)}{\epsilon})$ ReLUs has
$|f - y|^2 \le \epsilon |y|^2$ and a total weight within logarithms
of $\sqrt n$, the least possible.

*Hypotheses.* Points well dispersed: no two nearly parallel, and spread over all directions.

*Idea.* Replace the real direction of a unit by a complex one, $z = w \cdot x$ with w complex
normal, and the ReLU by a harmonic $h_m(z) = z^m / |z|^{m-1}$ of even degree m, which is a sum of
ReLUs of the phases of z. Turning w by a phase turns $h_m$ by m phases, so that on average all but
one of the terms of a Taylor series cancel, and steps may be long. Long steps mean small weights.

*Ours:* the paper names the mechanism; the formulas here were derived from it. With
$c_m = (-1)^{m/2+1} / (\pi (m^2 - 1))$ for even m,

.. math:: \frac{1}{2 \pi} \int_0^{2 \pi} \sigma(\Re(z e^{-i \phi}))\, e^{i m \phi}\, d\phi
             = c_m\, h_m(z),

and an odd number q of equally spaced phases gives $\Re h_m$ up to harmonics of the degrees
2q - m, 2q + m, ..., because odd ones vanish from the third on. With q = 2m + 1 they add at most 11
to 19%. With $D_i = \partial h_m / \partial z = \frac{m+1}{2} (z_i / |z_i|)^{m-1}$ and
$v = \sum_i r_i \bar D_i x_i$ the proposal for the residual r is
$\Re h_m((w + \delta v) \cdot x) - \Re h_m((w - \delta v) \cdot x)$ with its best multiple.
Its kernel has the diagonal $\frac{(m+1)^2}{4} |x_i|^2$ and is a positive series of powers of the
cosines from the m-th on. So by Gershgorin its least eigenvalue is at least
$\frac{(m+1)^2}{4} (1 - s_m) \min |x_i|^2$ with the coherence sum
$s_m = \max_i \sum_k |\rho_{ik}|^m$, and since $h_m$ is m-Lipschitz a round of small step removes
that share over $m^2 \|X\|^2$ of the squared error on average. The degree is the least even one with
$s_m \le 1/2$, where one of at most 6 has that; else 2, without a guarantee.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import numpy.typing as npt

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.approximate import Approximation, approximate
from rote.constructions._gadgets.residual import Proposal, best_column
from rote.constructions._gadgets.tangent_kernel import Guarantee, coherence_sums
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Decision, Layer, Size
from rote.typing import Floats

__all__ = ["Bubeck2020Harmonic"]

_DEGREES = (2, 4, 6)
"""Degrees that are tried. With 8, a round takes 34 units, each of large weight. Ours."""


@final
@dataclass(frozen=True)
class Bubeck2020Harmonic(Approximation, Construction):
    """One hidden ReLU layer, 2 (2 degree + 1) units per round of residual fitting.

    Its other options are those of all approximate constructions.

    Attributes:
        degree: Even degree m of the harmonics, at least 2; by default from the coherence of the
            data.
        step: Root mean square of the change of z over that of z itself.
    """

    degree: int | None = None
    step: float = 1.0

    theorem: ClassVar[Theorem] = Theorem(
        key="bubeck2020-harmonic",
        title="Complex recombination",
        statement=(
            "O((n/d) log(1/epsilon) / epsilon) ReLUs of total weight near sqrt(n) fit any real "
            "labels of n well dispersed points to the relative squared error epsilon."
        ),
        source="bubeck2020",
        number="complex recombination theorem",
        tasks=("classes", "real"),
        activations=("relu",),
        most_points=200,
        hypotheses=("well dispersed points: no two nearly parallel",),
    )

    def __post_init__(self) -> None:
        if self.degree is not None and (self.degree < 2 or self.degree % 2):
            raise OptionError(f"Option 'degree' must be even and at least 2, not {self.degree}.")
        if not 0 < self.step < np.inf:
            raise OptionError(f"Option 'step' must be positive, not {self.step}.")
        Approximation.__post_init__(self)

    def promise(self, problem: Problem) -> Size:
        """2 (2m + 1) units per round and output where ``rounds`` and the degree m are set."""
        if self.degree is None:
            return Size(depth=1)
        return self.in_rounds(problem, 2 * (2 * self.degree + 1))

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Fit what remains of the labels with differences of harmonics."""
        degree = self.degree or self.guarantee(data)[0]

        def propose(points: Floats, residual: Floats) -> Proposal:
            return harmonic_difference(
                points, residual, degree, self.step, self.directions, context.rng
            )

        return approximate(data, context, propose, self)

    def guarantee(self, data: DataSet) -> tuple[int, Guarantee]:
        """The degree for these data, and what small steps are sure to reach in expectation."""
        points = self.frame(data)[1]
        degrees = _DEGREES if self.degree is None else (self.degree,)
        sums = coherence_sums(points, degrees)
        good = np.flatnonzero(sums <= 0.5)
        chosen = int(good[0]) if good.size else 0
        degree = degrees[chosen]
        least = float(np.square(points).sum(axis=1).min())
        eigenvalue = (degree + 1) ** 2 / 4 * (1 - float(sums[chosen])) * least
        norm = float(np.linalg.norm(points, 2))
        return degree, Guarantee(max(0.0, eigenvalue), norm, "gershgorin", float(degree))


def phases(degree: int) -> tuple[Floats, Floats]:
    r"""Angles and weights with $\Re h_m(z) \approx \sum_j a_j \sigma(\Re(z e^{-i \phi_j}))$.

    Args:
        degree: Even m, at least 2.

    Returns:
        The q = 2m + 1 angles and the weights $\cos(m \phi_j) / (q c_m)$.
    """
    q = 2 * degree + 1
    angle = 2 * np.pi * np.arange(q) / q
    c = (-1) ** (degree // 2 + 1) / (np.pi * (degree**2 - 1))
    return angle, np.cos(degree * angle) / (q * c)


def harmonic_difference(
    points: Floats,
    residual: Floats,
    degree: int,
    step: float,
    directions: int,
    rng: np.random.Generator,
) -> Proposal:
    """ReLUs for the difference of a harmonic at two complex directions.

    Args:
        points: Shape (n, D).
        residual: Shape (n,).
        degree: Even degree m.
        step: Relative size of the move.
        directions: How many random directions to try.
        rng: Draws the directions.

    Returns:
        The 2 (2m + 1) units that remove most of the residual.
    """
    shape = (points.shape[1], directions)
    w = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)
    z = _times(points, w)
    turn = z / np.where(np.abs(z) > 0, np.abs(z), 1.0)
    slope = (degree + 1) / 2 * np.conj(turn) ** (degree - 1)
    pull: npt.NDArray[np.complex128] = np.asarray(residual[:, None] * slope, np.complex128)
    v = _times(points.T, pull)
    p = _times(points, v)
    size = np.linalg.norm(p, axis=0)
    delta = step * np.linalg.norm(z, axis=0) / (2 * np.where(size > 0, size, np.inf))
    angle, weight = phases(degree)
    back = np.exp(-1j * angle)
    values = np.zeros(z.shape)
    for turned, a in zip(back, weight, strict=True):
        values += a * np.maximum((turned * (z + delta * p)).real, 0)
        values -= a * np.maximum((turned * (z - delta * p)).real, 0)
    best = best_column(residual, values)
    middle, change = w[:, best], delta[best] * v[:, best]
    rows = np.concatenate([np.outer(back, middle + change), np.outer(back, middle - change)]).real
    return Proposal(rows, np.concatenate([weight, -weight]), values[:, best])


def _times(matrix: Floats, vectors: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """A real matrix times complex columns, in one real product."""
    both = matrix @ np.hstack([vectors.real, vectors.imag])
    half = vectors.shape[1]
    product: npt.NDArray[np.complex128] = both[:, :half] + 1j * both[:, half:]
    return product
