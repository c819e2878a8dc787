r"""Any shape between wide and deep: $W^2 L^2$ in proportion to $n \log(1/\delta)$.

**Theorem 2.1** [yang2026], the rate. Let n points of the unit ball in $R^d$ be at least $\delta$
apart, with class labels. ReLU networks of width W and depth L memorize them if
$W^2 L^2 \ge c\, n \log(1/\delta)$, for any W and L beyond constants. Networks that memorize all
such data need $W^2 L^2 \ge c' n / \log(1/\delta)$.

*Hypotheses.* Distinct points.

*Idea.* A line cuts the points into G groups of T neighbours, and a second line gives the points of
each group separate integer keys. A *lookup* of S^2 groups in five layers of width about 2 S finds
the code of x's group, one integer that holds all T keys and another that holds all T labels. The
*decoder* peels a key and a label off these integers, s bits at a time in two layers with 2^s units,
compares the key with x, and answers with the label where they agree. Lookups take
$5 n / (T S^2)$ layers, decoding $2 T \rho / s$ for keys of $\rho$ bits: at best
$W^2 L^2 \approx 160\, n \rho / s$.

*Ours:* all of the construction and every constant. The width and depth formulas of the paper were
not at hand; this has its rate. In the published constructions one line does both, so that keys have
about $2 \log_2 n$ bits; ours have $\log_2 (n T)$ (``_gadgets/groups.py``). In floats the integers
are split over registers, so that each sum is of integers that the dtype holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log2
from typing import ClassVar, final

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.circuit import Circuit, Sum
from rote.constructions._gadgets.decode import decode, pack_groups
from rote.constructions._gadgets.groups import Groups, Keys, group
from rote.constructions._gadgets.levels import LIMIT, Levels, levels
from rote.constructions._gadgets.line import as_layer
from rote.constructions._gadgets.lookup import wide_lookup, wide_lookup_layers
from rote.constructions._gadgets.shape import (
    Demand,
    Shape,
    narrowest,
    shallowest,
    shape_for,
    usual_bits,
)
from rote.constructions._gadgets.targets import check_tolerance
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Decision, Layer, Size
from rote.typing import DType

__all__ = ["Yang2026", "key_bits"]

_PRECISION: dict[DType, int | None] = {"float32": 24, "float64": 53, "exact": None}


def key_bits(n: int, d: int, separation: float, size: int) -> int:
    r"""The most bits of a key: $\lceil \log_2 (24\, n T \sqrt d / \delta) \rceil + 1$.

    Args:
        n: Number of points, in the unit ball.
        d: Number of features.
        separation: Their least distance $\delta$.
        size: Points of a group, T.

    Returns:
        The bits, which half of all directions meet; 1 for groups of one point.
    """
    return ceil(log2(24 * n * size * d**0.5 / separation)) + 1 if size > 1 else 1


@final
@dataclass(frozen=True)
class Yang2026(Construction):
    """A lookup of groups and a decoder of codes, as wide or as deep as wanted.

    Without any of the first four options, the network is about as wide as it is deep.

    Attributes:
        width: Largest width; the depth is then as small as it can be.
        depth: Largest depth, in hidden layers; the width is then as small as it can be.
        side: S: a lookup block holds S^2 groups. Together with ``group``.
        group: T: points of a group.
        step: s: bits that are peeled at a time, with ``side`` and ``group``; by default as many as
            the width of the lookup allows.
        directions: How many random directions to try for the keys, of each length.
        tolerance: Largest absolute error of real targets.
    """

    width: int | None = None
    depth: int | None = None
    side: int | None = None
    group: int | None = None
    step: int | None = None
    directions: int = 8
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="yang2026",
        title="Width against depth",
        statement="Width W and depth L with W^2 L^2 about 230 n log_2(10 n^2 sqrt(pi d) / delta), "
        "and less for W > 11, fit any n points of the unit ball at distances of delta or more.",
        source="yang2026",
        number="Theorem 2.1",
        tasks=("classes", "real"),
        activations=("relu",),
        dtypes=("float32", "float64", "exact"),
        most_points=100_000,
    )

    def __post_init__(self) -> None:
        for name in ("width", "depth", "side", "group", "step", "directions"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"Option {name!r} must be at least 1, not {value}.")
        pair = (self.side is not None, self.group is not None)
        if any(pair) and not all(pair):
            raise OptionError("Options 'side' and 'group' must be given together.")
        if (self.width is not None) + (self.depth is not None) + all(pair) > 1:
            raise OptionError("Give 'width', or 'depth', or 'side' and 'group', not several.")
        if self.step is not None and not all(pair):
            raise OptionError("Option 'step' needs 'side' and 'group'.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """The size in exact arithmetic, for points in the unit ball at a known separation."""
        # Without a separation nothing is known of the length of keys, and nothing of that of real
        # targets, which depends on their range and the tolerance.
        if problem.separation is None or problem.classes is None:
            return Size(depth=self.depth)
        n, d = problem.n, problem.d
        label_bits = max(1, (problem.classes - 1).bit_length())
        demand = Demand(n, label_bits, 1, lambda size: usual_bits(n, size), None)
        size = min(self._planned(demand).words, n)
        shapes = [
            self._fitted(_with_keys(demand, bits), size, -(-n // size))
            for bits in range(1, key_bits(n, d, problem.separation, size) + 1)
        ]
        W, L = (max(getattr(shape, name) for shape in shapes) for name in ("width", "depth"))
        return Size(
            depth=L,
            widths=(2,) + (W,) * (L - 1),
            parameters=2 * (d + 1) + 3 * W + (L - 2) * (W + 1) * W + W + 1,
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Choose a shape, project, pack the codes and place the units."""
        labels = levels(data, context.dtype, self.tolerance)
        demand = Demand(
            data.n,
            labels.bits,
            data.outputs,
            lambda size: usual_bits(data.n, size),
            LIMIT[context.dtype],
        )
        groups, keys = group(data, context, self._planned(demand).words, self.directions)
        if keys.window:
            demand = replace(demand, precision=_PRECISION[context.dtype])
        shape = self._fitted(_with_keys(demand, keys.bits), groups.longest, groups.count)
        first = as_layer([groups.line, keys.line], context.dtype)
        return (first, *_circuit(shape, groups, keys, labels, context.dtype)), labels.decision

    def _planned(self, demand: Demand) -> Shape:
        """The shape for keys of the usual length."""
        shape: Shape | None
        if self.side is not None and self.group is not None:
            shape = self._of_pair(demand, self.group, -(-demand.n // self.group))
        elif self.width is not None:
            shape = shallowest(demand, self.width)
        else:
            shape = narrowest(lambda width: shallowest(demand, width), self._will_do)
        return self._checked(shape, demand)

    def _fitted(self, demand: Demand, size: int, count: int) -> Shape:
        """The shape for groups that are known, and keys of known length."""
        size = min(size, demand.n)
        shape: Shape | None
        if self.side is not None:
            shape = self._of_pair(demand, size, count)
        elif self.width is not None:
            shape = shape_for(demand, self.width, size, count)
        else:
            shape = narrowest(lambda width: shape_for(demand, width, size, count), self._will_do)
        return self._checked(shape, demand)

    def _will_do(self, shape: Shape, width: int) -> bool:
        return shape.depth <= (width if self.depth is None else self.depth)

    def _of_pair(self, demand: Demand, size: int, count: int) -> Shape | None:
        """The shape with S and T as given, and s as given or as the lookup's width allows."""
        assert self.side is not None
        key, label = demand.key_bits(size), demand.label_bits
        longest = max(key, label)
        deep = Shape(
            count,
            self.side,
            size,
            longest,
            key,
            label,
            demand.outputs,
            demand.limit,
            demand.precision,
        )
        if not (deep.fits and deep.accurate):
            return None
        shapes = (replace(deep, rounds=q) for q in range(1, longest + 1))
        if self.step is not None:
            wanted = -(-longest // self.step)
            return next(shape for shape in shapes if shape.rounds >= wanted and shape.accurate)
        return next(shape for shape in shapes if shape.width <= deep.width and shape.accurate)

    def _checked(self, shape: Shape | None, demand: Demand) -> Shape:
        if shape is not None:
            return shape
        longest = max(demand.key_bits(2), demand.label_bits)
        if demand.limit is not None and longest > demand.limit:
            raise PrecisionError(
                f"A key or label of {longest} bits does not fit a register of {demand.limit}. "
                "Use a wider dtype, or dtype='exact'."
            )
        if demand.precision is not None and longest + 3 > demand.precision:
            raise PrecisionError(
                f"Comparing keys of {longest} bits rounds too much in floats of "
                f"{demand.precision} bits. Use a wider dtype, or dtype='exact'."
            )
        wanted = f"depth {self.depth}" if self.depth is not None else f"width {self.width}"
        raise AssumptionError(
            f"{demand.n} points with {demand.label_bits} bits of label need more than {wanted}."
        )


def _with_keys(demand: Demand, bits: int) -> Demand:
    """The demand with keys of known length."""
    return replace(demand, key_bits=lambda _: bits)


def _circuit(
    shape: Shape, groups: Groups, keys: Keys, labels: Levels, dtype: DType
) -> tuple[Layer, ...]:
    """The layers behind the two lines."""
    circuit = Circuit(sources=2)
    chosen, told = 0, 1
    start = 1 + wide_lookup_layers(groups.count, shape.side)
    codes = pack_groups(
        groups.first.tolist(),
        keys.key.tolist(),
        labels.level[groups.order].T.tolist(),
        (shape.keys, shape.labels),
    )
    found = wide_lookup(circuit, 1, chosen, groups.cut.tolist(), codes, shape.side)
    split = shape.keys.registers
    each = shape.labels.registers
    label_codes: list[list[Sum]] = [
        found[split + j * each : split + (j + 1) * each] for j in range(shape.outputs)
    ]
    answers = decode(
        circuit,
        start,
        told,
        keys.window,
        (found[:split], label_codes),
        (shape.keys, shape.labels),
        shape.rounds,
    )
    for answer, offset in zip(answers, labels.offset, strict=True):
        circuit.output(answer, offset)
    return circuit.layers(dtype, exponent=labels.exponent)
