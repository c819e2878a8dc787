r"""One hidden ReLU layer by the tangent kernel: O((n/d) log(1/epsilon)) units for an error epsilon.

**Theorem** [bubeck2020]. Let $x_1, \dots, x_n$ be unit vectors in $R^d$ that are well dispersed:
small coherence $\max |x_i \cdot x_k|$ and $\|\sum_i x_i x_i^T\| \le \omega n / d$. For any labels a
network with $O(\frac{n}{d} \log \frac{1}{\epsilon})$ ReLUs has $|f - y|^2 \le \epsilon |y|^2$.

*Hypotheses.* Points well dispersed: no two nearly parallel, and spread over all directions.

*Idea.* A derivative neuron $x \mapsto v \cdot x\,1[u \cdot x > 0]$ is the difference of two ReLUs.
For random u the best direction for the residual r is $v = \sum_i r_i\,1[u \cdot x_i > 0]\,x_i$, and
adding the best multiple removes on average a share of at least $\lambda / \|X\|^2$ of the squared
error, where $\lambda$ is the least eigenvalue of the tangent kernel. Repeat on what remains.

*Ours:* the constants (see the gadget ``tangent_kernel``), so that the number of rounds can be
promised from the data; the symmetric difference
$[\sigma((u + \delta v) \cdot x) - \sigma((u - \delta v) \cdot x)] / 2 \delta$, which is the
derivative neuron on all points up to the step $\delta = \min_i |u \cdot x_i| / |v \cdot x_i|$
(``step="exact"``); steps far beyond that, with the exact line search kept, which give up little
speed and bring the total weight from about $n^{3/2}$ to a multiple of $\sqrt n$; the best of a few
random directions in each round; centred points
with a constant appended where they are not on a sphere around 0; a least-squares refit of the
output weights; and fitting until every point is decided, not only the sum of squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.approximate import Approximation, approximate
from rote.constructions._gadgets.residual import Proposal, best_column
from rote.constructions._gadgets.tangent_kernel import Guarantee, tangent_guarantee
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Decision, Layer, Size
from rote.typing import Floats

__all__ = ["Bubeck2020Ntk"]


@final
@dataclass(frozen=True)
class Bubeck2020Ntk(Approximation, Construction):
    """One hidden ReLU layer, two units per round of residual fitting.

    Its other options are those of all approximate constructions.

    Attributes:
        step: ``exact``, or the root mean square of a unit's change over that of its values.
    """

    step: Literal["exact"] | float = 0.5

    theorem: ClassVar[Theorem] = Theorem(
        key="bubeck2020-ntk",
        title="Residual fitting with derivative neurons",
        statement=(
            "O((n/d) log(1/epsilon)) ReLUs fit any real labels of n well dispersed points to the "
            "relative squared error epsilon."
        ),
        source="bubeck2020",
        number="tangent kernel theorem",
        tasks=("classes", "real"),
        activations=("relu",),
        most_points=1_000,
        hypotheses=("well dispersed points: no two nearly parallel",),
    )

    def __post_init__(self) -> None:
        if not (self.step == "exact" or _is_positive(self.step)):
            raise OptionError(f"Option 'step' must be 'exact' or positive, not {self.step!r}.")
        Approximation.__post_init__(self)

    def promise(self, problem: Problem) -> Size:
        """Two units per round and output where ``rounds`` is set; else see :meth:`guarantee`."""
        return self.in_rounds(problem, 2)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Fit what remains of the labels with pairs of units until every point is decided."""

        def propose(points: Floats, residual: Floats) -> Proposal:
            return derivative_neuron(points, residual, self.step, self.directions, context.rng)

        return approximate(data, context, propose, self)

    def guarantee(self, data: DataSet) -> Guarantee:
        """What the exact step is sure to reach on these data, in expectation."""
        return tangent_guarantee(self.frame(data)[1])


def _is_positive(value: object) -> bool:
    return isinstance(value, float | int) and 0 < value < np.inf


def derivative_neuron(
    points: Floats,
    residual: Floats,
    step: Literal["exact"] | float,
    directions: int,
    rng: np.random.Generator,
) -> Proposal:
    """A pair of ReLUs around a random direction, moved along the gradient of the residual.

    Args:
        points: Shape (n, D).
        residual: Shape (n,).
        step: ``exact``, or the relative size of the move.
        directions: How many random directions to try.
        rng: Draws the directions.

    Returns:
        The pair that removes most of the residual; its values are 0 where no point is active.
    """
    u = rng.standard_normal((points.shape[1], directions))
    z = points @ u
    v = points.T @ np.where(z > 0, residual[:, None], 0)
    p = points @ v
    with np.errstate(divide="ignore", invalid="ignore"):
        if step == "exact":
            delta = np.nanmin(np.abs(z) / np.abs(p), axis=0, initial=np.inf)
        else:
            delta = step / 2 * np.sqrt(np.square(z).sum(axis=0) / np.square(p).sum(axis=0))
    delta = np.where(np.isfinite(delta), delta, 0.0)
    moved = delta * p
    values = np.maximum(z + moved, 0) - np.maximum(z - moved, 0)
    best = best_column(residual, values)
    change = delta[best] * v[:, best]
    rows = np.stack([u[:, best] + change, u[:, best] - change])
    return Proposal(rows, np.array([1.0, -1.0]), values[:, best])
