r"""One hidden layer of threshold units: about n/d of them tell two classes apart.

**Main construction** [baum1988]. Let $x_1, \dots, x_n \in R^d$ be in general position: no
hyperplane holds more than d of them. Any dichotomy of the points is computed by a network with one
hidden layer of $\lceil n/d \rceil$ threshold units.

*Hypotheses.* General position, which only the size needs.

*Idea.* Take the rarer label and deal its points into blocks of d. A hyperplane goes through a block
and through no other point; two parallel threshold units, one on either side, see the block alone.
The output is the sum of the first units less that of the second ones.

*Ours:* the explicit count $2 \lceil n_+/d \rceil$, where $n_+ \le n/2$ points have the rarer label,
which is the paper's up to rounding; C classes by the $\lceil \log_2 C \rceil$ bits of their codes,
with units of their own for each bit; bands that may hold further points with the same label and are
chosen by how far they are above the rounding error (gadget ``bands``); blocks that exchange points,
and smaller ones where more than d points share a hyperplane or a float cannot tell (gadget
``dealing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.band_network import best_band_network
from rote.constructions._gadgets.class_bits import bits_of_codes, number_of_bits
from rote.data import DataSet, Problem
from rote.errors import OptionError
from rote.network import Decision, Layer, Size

__all__ = ["Baum1988"]


@final
@dataclass(frozen=True)
class Baum1988(Construction):
    """One hidden layer with two threshold units per d points of the rarer label.

    Attributes:
        fill: Share of the d places of a block that is used at first, in (0, 1]. Where points are
            not in general position, as images or small integers, blocks get smaller by themselves.
        groupings: Most rounds of exchanges between blocks.
    """

    fill: float = 1.0
    groupings: int = 40

    theorem: ClassVar[Theorem] = Theorem(
        key="baum1988",
        title="Threshold units in pairs around d points each",
        statement="ceil(n/d) threshold units compute any dichotomy of n points in general position "
        "in R^d.",
        source="baum1988",
        number="the main construction",
        tasks=("classes",),
        activations=("threshold",),
        hypotheses=("general position: no hyperplane holds more than d points",),
        most_points=500,
    )

    def __post_init__(self) -> None:
        if not 0 < self.fill <= 1:
            raise OptionError(f"Option 'fill' must lie in (0, 1], not {self.fill}.")
        if self.groupings < 0:
            raise OptionError(f"Option 'groupings' must be at least 0, not {self.groupings}.")

    def promise(self, problem: Problem) -> Size:
        """Two units per block of the rarer label, for each bit of the class code."""
        bits = number_of_bits(problem.classes)
        units = 2 * bits * -(-(problem.n // 2) // self._block(problem.d))
        return Size(
            depth=1,
            widths=(units,),
            neurons=units,
            parameters=max(units, 1) * (problem.d + 1 + bits) + bits,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """A band for every block of every bit."""
        bits, decision = bits_of_codes(data)
        network = best_band_network(
            data.points,
            bits,
            self._block(data.d),
            self.groupings,
            context.dtype,
            context.rng,
            context.progress,
        )
        network.check(data, context.dtype)
        return network.layers(data.d, context.dtype), decision

    def _block(self, d: int) -> int:
        return max(1, int(self.fill * d))
