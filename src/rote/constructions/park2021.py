r"""Fewer parameters than points: about n^(2/3) of them, at width 3.

**Theorems 1 and 2** [park2021]. Let all distances between n points in $R^d$ be below $\Delta$ times
their least one, with labels of C classes. A network of width 3 with
$\Theta(\log d + \log \Delta + n^{2/3} \log C)$ layers memorizes them; and wider ones with
$O(d + \log \Delta + n^w + n^{1 - w/2} \log C)$ parameters and fewer layers, for w in [2/3, 1].

*Hypotheses.* Distinct points, and a single output.

*Idea.* A line is cut into so many cells that each has points of one label only. The cells are
renumbered until there are only t of them: their range is *halved* to about n^2 by one shift modulo
its half, and then *folded* onto t cells by about n^2 / t moves of runs of points. Now one weight
holds the labels of B consecutive cells: t / B tests find the weight and leave the position among
the B cells, and a *countdown* drops one label after the other until that of the position is left.
No keys are stored, unlike in all later constructions.

*Ours:* every constant. A run of the lookup or of the moves takes two layers for W - 2 or W - 1
tests at width W, the countdown 3 gamma + 2 layers for a label of gamma bits at width 3, 2 gamma + 1
and fewer at larger widths. Cells may be shared by points of one label, and one pass folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isqrt, log2
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.cells import clashes, find_cells
from rote.constructions._gadgets.circuit import Circuit, Sum
from rote.constructions._gadgets.countdown import Countdown
from rote.constructions._gadgets.fold import fold, most_moves, usual_moves
from rote.constructions._gadgets.halving import halve
from rote.constructions._gadgets.levels import levels
from rote.constructions._gadgets.line import as_layer
from rote.constructions._gadgets.moves import Move, move, move_layers
from rote.constructions._gadgets.targets import check_tolerance
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Decision, Layer, Size
from rote.typing import Integers

__all__ = ["Park2021"]

_PRECISION = {"float32": 24, "float64": 53}
_MOST_CELLS = 28
"""Bits of the number of cells, at most, that weights hold labels for. Ours."""

_SHARES = 64
"""Numbers of labels in a weight that are compared. Ours."""


@final
@dataclass(frozen=True)
class Park2021(Construction):
    """A line of few cells, and weights that hold the labels of many cells.

    Attributes:
        width: Largest width, at least 3.
        directions: How many random directions to try for the line.
        tolerance: Largest absolute error of real targets.
    """

    width: int = 3
    directions: int = 8
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="park2021",
        title="Fewer parameters than points",
        statement="Width 3 and O(log(d / delta) + n^(2/3) log C) layers fit any n points of the "
        "unit ball with C labels at distances of delta or more.",
        source="park2021",
        number="Theorems 1 and 2",
        tasks=("classes", "real"),
        activations=("relu",),
        dtypes=("float32", "float64", "exact"),
        hypotheses=("one output",),
        most_points=1_000,
    )

    def __post_init__(self) -> None:
        if self.width < 3:
            raise OptionError(f"Option 'width' must be at least 3, not {self.width}.")
        if self.directions < 1:
            raise OptionError(f"Option 'directions' must be at least 1, not {self.directions}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """The size in exact arithmetic, for points in the unit ball at a known separation."""
        _check(problem)
        if problem.separation is None or problem.classes is None:
            return Size()
        n, d, W = problem.n, problem.d, self.width
        # As in _gadgets/groups.py, with all points in one group; and one bit for whole cells.
        cell_bits = ceil(log2(24 * n**2 * d**0.5 / problem.separation)) + 2
        halvings = max(0, cell_bits - n.bit_length() + 1)
        label_bits = max(1, (problem.classes - 1).bit_length())
        planner = _Planner(n, n**2, label_bits, W, None)
        L = 1 + 2 * halvings + planner.layers(planner.best(most_moves, 4 * n), most_moves)
        return Size(
            depth=L,
            widths=(1,) + (W,) * (L - 1),
            parameters=d + 1 + 2 * W + (L - 2) * (W + 1) * W + W + 1,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Find cells, halve and fold their range, pack the labels and place the units."""
        _check(data.problem)
        labels = levels(data, context.dtype, self.tolerance)
        level = labels.level[:, 0]
        # Sums of a run have a term for each test.
        spare = 0 if context.dtype == "exact" else (self.width + 1).bit_length()
        limit = None if context.dtype == "exact" else _PRECISION[context.dtype] - spare
        if limit is not None and 2 * labels.bits > limit:
            raise PrecisionError(
                f"A label of {labels.bits} bits does not fit a register of {limit // 2}. "
                "Use a wider dtype, or dtype='exact'."
            )
        cells = find_cells(data, level, context, self.directions, spare)
        halved = halve(
            cells.cell,
            cells.cell,
            lambda low, _: clashes(low, level),
            context.rng,
            data.n,
        )
        planner = _Planner(data.n, int(halved.low.max()) + 1, labels.bits, self.width, limit)
        cell, moves = _folded(halved.low, level, planner, context.rng)
        lookup, countdown = planner.pack(cell, level)
        circuit, layer = Circuit(sources=1), 1
        h: Sum = {0: 1}
        for some, tests in (*((pair, 2) for pair in halved.moves), (moves, self.width - 1)):
            h, _ = move(circuit, layer, h, _longer(some, cells.length), tests)
            layer += move_layers(len(some), tests)
        base, *others = _longer(lookup, cells.length)
        h, code = move(circuit, layer, h, others, self.width - 2, base.code)
        layer += move_layers(len(others), self.width - 2)
        circuit.output(countdown.place(circuit, layer, h, code, cells.length), labels.offset[0])
        first = as_layer([cells.line], context.dtype)
        return (first, *circuit.layers(context.dtype, exponent=labels.exponent)), labels.decision


def _check(problem: Problem) -> None:
    if problem.outputs > 1:
        raise AssumptionError(f"A countdown reads one output, not {problem.outputs}.")
    most = 1 << _MOST_CELLS - 2
    if problem.n > most:
        raise AssumptionError(f"At most {most} points have cells of their own, not {problem.n}.")


def _longer(moves: Sequence[Move], length: int) -> list[Move]:
    """Moves of cells as moves of units."""
    return [Move(each.start * length, each.amount * length, each.code) for each in moves]


@dataclass(frozen=True)
class _Planner:
    """How many cells and how many labels in a weight take the fewest layers.

    Attributes:
        n: Number of points.
        range_: Cells before folding.
        bits: Bits of a label.
        width: W.
        limit: Most bits of a weight; None if there is no limit.
    """

    n: int
    range_: int
    bits: int
    width: int
    limit: int | None

    def best(self, moves: Callable[[int, int, int], float], smallest: int) -> int:
        """The number of cells of the fewest layers, if folding takes so many moves."""
        powers = (1 << e for e in range(smallest.bit_length(), _MOST_CELLS))
        sizes = [
            *(size for size in powers if size < self.range_),
            min(self.range_, 1 << _MOST_CELLS),
        ]
        return min(sizes, key=lambda size: self.layers(size, moves))

    def layers(self, size: int, moves: Callable[[int, int, int], float]) -> int:
        """Layers that fold onto so many cells and read the label of one."""
        folding = move_layers(ceil(moves(self.n, self.range_, size)), self.width - 1)
        return folding + self._layers(size, self.countdown(size))

    def countdown(self, size: int) -> Countdown:
        """How to read so many cells in the fewest layers."""
        size = max(2, size)
        options = [
            Countdown(cells, self.bits, step, held)
            for step in range(1, self.bits + 1)
            for held in (False, True)
            if Countdown(1, self.bits, step, held).width <= self.width
            for cells in self._shares(size, Countdown(2, self.bits, step, held).layers)
        ]
        return min(options, key=lambda countdown: self._layers(size, countdown))

    def _shares(self, size: int, each: int) -> list[int]:
        """Numbers of cells of a weight near the best one, if each takes so many layers."""
        most = max(1, -(-size // 2))
        if self.limit is not None:
            most = min(most, self.limit // self.bits - 1)
        best = isqrt(2 * size // (each * (self.width - 2)))
        near = range(best // 2, 2 * best + 3, 1 + best // _SHARES)
        return sorted({min(most, max(1, share)) for share in near})

    def _layers(self, size: int, countdown: Countdown) -> int:
        return (
            move_layers(-(-max(2, size) // countdown.cells) - 1, self.width - 2) + countdown.layers
        )

    def pack(self, cell: Integers, level: Integers) -> tuple[list[Move], Countdown]:
        """The weights, as codes of moves that bring their first cell to 0; how to read them."""
        size = max(2, int(cell.max()) + 1)
        countdown = self.countdown(size)
        table = np.zeros(size, np.int64)
        table[cell] = level
        held = table.tolist()
        lookup = [
            Move(begin, begin, countdown.pack(held[begin : begin + countdown.cells]))
            for begin in range(0, size, countdown.cells)
        ]
        return lookup, countdown


def _folded(
    cell: Integers, level: Integers, planner: _Planner, rng: np.random.Generator
) -> tuple[Integers, list[Move]]:
    """The cells and the moves of the fold after which the fewest layers are needed."""
    sizes = {planner.best(usual_moves, planner.n + 1), planner.best(most_moves, 4 * planner.n)}
    found = [fold(cell, level, size, rng) for size in sorted(sizes)]
    return min(
        found,
        key=lambda one: planner.layers(int(one[0].max()) + 1, lambda *_: len(one[1])),
    )
