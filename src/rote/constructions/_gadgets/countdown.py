r"""Countdown: the label of cell p out of an integer that packs the labels of B cells.

The labels stand in the bits of an integer $w < 2^M$, $M = \gamma B$, that of cell 0 on top; h lies
in cell p of cells of c units, $c p \le h \le c (p + 1) - 1$. For $j = 1, \dots, B - 1$ the label
on top is dropped if $p \ge j$, and the others move up:

* $q = \sigma(c j - h)$ is 0 if $p \ge j$, and at least 1 if not;
* the s highest bits that are left are peeled in two layers, *gated* by q:
  $r_v = \sigma(v 2^{m-s} - w + 2^M q)$ and $\beta_v = \sigma(1 - r_v)$ for
  $v = 1, \dots, 2^s - 1$, so that $w - 2^{m-s} \sum_v \beta_v$ is w less its top s bits, or w;
* $w + \sigma((2^\gamma - 1) w - 2^{M + \gamma} q)$ moves the others up by $\gamma$ bits, or not.

At last label p is on top, and is peeled off without a gate. With q held beside h and w, a label
takes $2 \lceil \gamma / s \rceil + 1$ layers of width $2^s + 2$; with q computed anew for each
test, $3 \lceil \gamma / s \rceil + 2$ layers of width $2^s + 1$: three units for s = 1. No keys
are stored, since cells are numbered. *Ours*, in place of [park2021, Lemma 20].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from rote.constructions._gadgets.circuit import Circuit, Sum, added, scaled

__all__ = ["Countdown"]


@final
@dataclass(frozen=True)
class Countdown:
    """The labels of B cells in one integer.

    Attributes:
        cells: B.
        bits: Bits of a label.
        step: s, the most bits that are peeled at a time.
        held: Whether q is held beside the tests.
    """

    cells: int
    bits: int
    step: int
    held: bool

    @property
    def rounds(self) -> int:
        """Rounds of peeling for a label."""
        return -(-self.bits // self.step)

    @property
    def width(self) -> int:
        """Units of the widest layer."""
        return 2 + ((1 << self.step) - 1) + self.held

    @property
    def layers(self) -> int:
        """Layers from the integer to the label."""
        each = 2 * self.rounds + 1 if self.held else 3 * self.rounds + 2
        first = self.held and self.cells > 1
        return first + each * (self.cells - 1) + 2 * self.rounds

    @property
    def code_bits(self) -> int:
        """Bits of the integers that sums must hold."""
        return self.bits * (self.cells + 1)

    def pack(self, labels: list[int]) -> int:
        """The integer of some cells' labels; those that are missing are 0."""
        code = 0
        for label in labels:
            code = code << self.bits | label
        return code << self.bits * (self.cells - len(labels))

    def place(self, circuit: Circuit, start: int, h: Sum, code: Sum, cell: int) -> Sum:
        """Place the units.

        Args:
            circuit: Where to add them.
            start: The first layer to use.
            h: The number whose cell counts.
            code: The integer.
            cell: Units of a cell, c.

        Returns:
            The label, as a sum of units up to the layer ``start + layers - 1``.
        """
        reader = _Reader(circuit, self, h, code, start)
        if self.cells > 1 and self.held:
            reader.compare(cell)
        for j in range(1, self.cells):
            reader.drop(cell * j, cell * (j + 1) if j + 1 < self.cells else None)
        return reader.read()


class _Reader:
    """An integer that is being read."""

    def __init__(self, circuit: Circuit, plan: Countdown, h: Sum, code: Sum, layer: int) -> None:
        self.circuit, self.plan, self.layer = circuit, plan, layer
        self.h, self.code = h, code
        self.gate: int | None = None

    def hold(self) -> None:
        """Put h and the integer into a unit each."""
        self.h = {self.circuit.unit(self.layer, self.h): 1} if len(self.h) > 1 else self.h
        self.code = {self.circuit.unit(self.layer, self.code): 1}

    def compare(self, threshold: int) -> None:
        """Compute q, in a layer of its own."""
        self.gate = self.circuit.unit(self.layer, scaled(self.h, -1), threshold)
        self.hold()
        self.layer += 1

    def drop(self, threshold: int, following: int | None) -> None:
        """Drop the top label and move the others up if h is at the threshold or beyond."""
        plan, unit = self.plan, self.circuit.unit
        top = plan.bits * plan.cells
        self.peel(top, threshold)
        if not plan.held:
            self.compare(threshold)
        assert self.gate is not None
        up = scaled(self.code, (1 << plan.bits) - 1) | {self.gate: -(1 << top + plan.bits)}
        moved = unit(self.layer, up)
        self.gate = None
        if plan.held and following is not None:
            self.gate = unit(self.layer, scaled(self.h, -1), following)
        self.hold()
        self.code = added(self.code, {moved: 1})
        self.layer += 1

    def read(self) -> Sum:
        """Peel the top label off."""
        return self.peel(self.plan.bits * self.plan.cells, None)

    def peel(self, top: int, threshold: int | None) -> Sum:
        """Peel the label off the top bits and return it; or drop it, gated by a threshold."""
        plan, unit = self.plan, self.circuit.unit
        label: Sum = {}
        left = plan.bits
        while left:
            bits = min(plan.step, left)
            left -= bits
            low = top - plan.bits + left
            if threshold is not None and not plan.held:
                self.compare(threshold)
            gate = {} if self.gate is None else {self.gate: 1 << top}
            passed = {}
            for v in range(1, 1 << bits):
                short = unit(self.layer, scaled(self.code, -1) | gate, v << low)
                passed[unit(self.layer + 1, {short: -1}, 1)] = 1
            self.hold()
            self.code = added(self.code, scaled(passed, -(1 << low)))
            if threshold is None:
                label = {unit(self.layer, label): 1} if label else {}
                label = added(label, scaled(passed, 1 << left))
            self.layer += 2
        return label
