"""Split: how many groups and slots two hidden widths give, and the best widths for n points."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rote.errors import AssumptionError, OptionError

__all__ = ["Rule", "Split", "check_widths"]


@dataclass(frozen=True)
class Split:
    """Groups and slots, and the hidden widths that hold them.

    Attributes:
        p: Groups.
        q: Slots in each group.
        widths: Units of the two hidden layers.
    """

    p: int
    q: int
    widths: tuple[int, int]


@dataclass(frozen=True)
class Rule:
    """What widths give which groups and slots.

    Attributes:
        first: Units of the first layer for each group.
        second: Units of the second layer for each slot and output.
        step: Groups and slots come in multiples of this.
        linear: Whether a linear layer of one unit per group stands between the two.
        repeat: How many layers of the same width stand in for each of the two.
    """

    first: int
    second: int
    step: int
    linear: bool = False
    repeat: int = 1

    def of_widths(self, widths: tuple[int, int], outputs: int) -> Split:
        """The groups and slots of given widths; units that cannot be used are left out.

        Args:
            widths: Units of the two hidden layers.
            outputs: Number of outputs.

        Returns:
            The split, with p q = 0 where the widths are too small.
        """
        p = self.step * (widths[0] // (self.step * self.first))
        q = self.step * (widths[1] // (self.step * self.second * outputs))
        return self._split(p, q, outputs)

    def best(self, n: int, outputs: int) -> Split:
        """The split of fewest units that holds n points; among equals, of fewest weights."""
        ratio = n * self.second * outputs / self.first  # p^2 at the optimum
        p = self.step * np.arange(1, 2 * int(np.ceil(np.sqrt(ratio) / self.step)) + 2)
        q = self.step * -(-n // (self.step * p))
        units = self.first * p + self.second * outputs * q
        least = np.flatnonzero(units == units.min())
        return min(
            (self._split(int(p[i]), int(q[i]), outputs) for i in least),
            key=lambda split: self.parameters(split, 1, outputs),
        )

    def hold(self, n: int, outputs: int, widths: tuple[int, int] | None) -> Split:
        """The split of the given widths, or the best one.

        Args:
            n: Number of points.
            outputs: Number of outputs.
            widths: Units of the two hidden layers, or None.

        Returns:
            The split.

        Raises:
            AssumptionError: If the widths hold fewer than n points.
        """
        if widths is None:
            return self.best(n, outputs)
        split = self.of_widths(widths, outputs)
        if split.p * split.q < n:
            needed = self.best(n, outputs).widths
            raise AssumptionError(
                f"Widths {widths[0]},{widths[1]} hold {split.p * split.q} points, not {n}. "
                f"Take at least widths={needed[0]},{needed[1]}."
            )
        return split

    def hidden(self, split: Split) -> tuple[int, ...]:
        """Units of the hidden layers of a split."""
        first, second = split.widths
        return (first,) * self.repeat + (second,) * self.repeat

    def parameters(self, split: Split, inputs: int, outputs: int) -> int:
        """Weights and biases of all layers; the direction and its bias count once.

        Args:
            split: The split.
            inputs: Number of features.
            outputs: Number of outputs.

        Returns:
            Their number.
        """
        first, second = split.widths
        between = (split.p,) if self.linear else ()
        sizes = (inputs, 1, *[first] * self.repeat, *between, *[second] * self.repeat, outputs)
        return sum((a + 1) * b for a, b in pairwise(sizes))

    def _split(self, p: int, q: int, outputs: int) -> Split:
        return Split(p, q, (self.first * p, self.second * outputs * q))


def check_widths(widths: tuple[int, ...] | None) -> None:
    """Raise :class:`OptionError` unless the widths are None or positive."""
    if widths is not None and min(widths, default=0) < 1:
        raise OptionError(f"Option 'widths' must be positive, not {','.join(map(str, widths))}.")
