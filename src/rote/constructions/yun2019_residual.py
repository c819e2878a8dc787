r"""Residual networks: about 4n/d units classify n points in general position.

**Theorem 4.1** [yun2019]. Let n points in $R^d$ be in general position, with labels in $d_y \le d$
classes. A residual network $h^l = h^{l-1} + V^l \sigma(U^l h^{l-1} + b^l) + c^l$ for
$l = 1, \dots, L$, with the output $V^{L+1} \sigma(U^{L+1} h^L + b^{L+1}) + c^{L+1}$, fits them if

* hard-tanh: $\sum_{l \le L} d_l \ge 2n/d + 2 d_y$ and $d_{L+1} \ge d_y$;
* ReLU-like: $\sum_{l \le L} d_l \ge 4n/d + 4 d_y$ and $d_{L+1} \ge 2 d_y$.

*Hypotheses.* General position: no hyperplane holds more than d points.

*Idea.* Every class is cut into groups of at most d points, and through each group goes a hyperplane
that misses all other points. A bump of two clipped functions is 1 on the plane and 0 at all other
points; it moves the group far along the coordinate of its class. The last layer sees which
coordinate is far out.

*Ours:* the condition ``sharp``: groups of the most frequent class are not moved at all, and the
others along one coordinate, by a multiple that stands for the class, so that any number of classes
fits: $2 (\lfloor (1 - 1/d_y) n/d \rfloor + d_y - 1)$ hard-tanh units and $d_{L+1} = d_y - 1$, or
twice that of ReLU-like ones. Also the bump's flat top, which makes hard-tanh networks exact; the
choice among several groupings; and that all scales are powers of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.clamp import Clamp
from rote.constructions._gadgets.clamps import Condition, Unit, clamp_of
from rote.constructions._gadgets.one_hot import edges, one_hot
from rote.constructions._gadgets.planes import Planes, fit_planes, grouped
from rote.constructions._gadgets.projection import column_ranges
from rote.data import DataSet, Problem
from rote.errors import AssumptionError, OptionError, PrecisionError
from rote.network import Affine, ArgMax, Decision, Layer, Residual, Size
from rote.typing import DType, Floats, Integers

__all__ = ["Yun2019Residual"]

_NAMED = 10
"""Rows that an error names."""
_REPAIR = {"float32": "Use dtype='float64'.", "float64": "Try more groupings: raise 'tries'."}


@final
@dataclass(frozen=True)
class Yun2019Residual(Construction):
    """Residual blocks that move groups of d points to where the last layer tells classes apart.

    Attributes:
        activation: ``hard-tanh``, ``relu`` or ``leaky``.
        slope: Slope of ``leaky`` on the negative side, in [0, 1).
        condition: ``paper``, or our ``sharp``.
        composition: Whether ReLUs stand one behind the other instead of in pairs: twice as many
            hidden layers, with as many units.
        blocks: Residual blocks L, over which the units are spread evenly.
        tries: How many ways to form the groups are compared; by default 8, fewer for many points.
    """

    activation: Unit = "hard-tanh"
    slope: float = 0.01
    condition: Condition = "sharp"
    composition: bool = False
    blocks: int = 1
    tries: int | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="yun2019-residual",
        title="Residual blocks",
        statement="Residual blocks of 2 n / d hard-tanh units, or 4 n / d ReLU-like ones, up to a "
        "multiple of the number of classes, classify any n points in general position.",
        source="yun2019",
        number="Theorem 4.1",
        tasks=("classes",),
        activations=("hard-tanh", "relu", "leaky"),
        hypotheses=("general position: no hyperplane holds more than d points",),
        most_points=20_000,
        skips=True,
    )

    def __post_init__(self) -> None:
        self._clamp()
        if self.blocks < 1:
            raise OptionError(f"Option 'blocks' must be at least 1, not {self.blocks}.")
        if self.tries is not None and self.tries < 1:
            raise OptionError(f"Option 'tries' must be at least 1, not {self.tries}.")

    def promise(self, problem: Problem) -> Size:
        """The theorem's units; the widths where there is one block."""
        d, classes = problem.d, problem.classes or 1
        self._check_classes(classes, d)
        rule, last = self._clamp().rule, self._last_units(classes)
        groups = self._most_groups(problem.n, d, classes)
        blocks, units = min(self.blocks, groups), 2 * rule.second * groups
        read = d + 1 + 2 * last if self.condition == "sharp" else last * (d + 1)
        behind = (units * (units + 1) + last * (last + 1)) * (rule.repeat - 1)
        return Size(
            depth=rule.repeat * (blocks + 1),
            widths=(units,) * rule.repeat + (last,) * rule.repeat if blocks == 1 else None,
            neurons=rule.repeat * (units + last),
            parameters=units * (2 * d + 1) + blocks * d + read + behind + classes * (last + 1),
        )

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Move the groups, block by block, and read where the points are."""
        assert data.codes is not None
        assert data.labels is not None
        classes, dtype = len(data.labels), context.dtype
        self._check_classes(classes, data.d)
        stream = data.points.astype(np.float64)
        ranks = np.argsort(-np.bincount(data.codes, minlength=classes), kind="stable")
        shifts = self._shifts(stream, ranks)
        if not np.abs(shifts).max() <= np.finfo(dtype).max:
            raise PrecisionError(
                f"{dtype} cannot hold points moved 8 times beyond all others. Rescale the features."
            )
        members = [np.flatnonzero(data.codes == code) for code in range(classes)]
        moved = [own for own, shift in zip(members, shifts, strict=True) if shift.any()]
        groups = grouped(stream, moved, context.rng, self.tries)
        layers: list[Layer] = []
        count = min(self.blocks, len(groups))
        done = np.zeros(data.n, dtype=bool)
        for block in range(count):
            context.progress("blocks", block, count)
            own = groups[len(groups) * block // count : len(groups) * (block + 1) // count]
            planes = fit_planes(stream, own, context.rng, dtype)
            _check_planes(data, own, planes, done, dtype)
            target = shifts[data.codes[[group[0] for group in own]]]
            layers.append(_block(planes, target, self._clamp(), dtype))
            for group, shift in zip(own, target, strict=True):
                stream[group] += shift
                done[group] = True
        context.progress("blocks", count, count)
        layers += self._readout(shifts, ranks, dtype)
        return tuple(layers), ArgMax(data.labels)

    def _shifts(self, points: Floats, ranks: Integers) -> Floats:
        """How far points of each class move, shape (C, d): 8 times beyond all points."""
        classes, d = len(ranks), points.shape[1]
        reach = np.abs(points).max(axis=0)
        shifts = np.zeros((classes, d))
        if self.condition == "paper":
            shifts[np.arange(classes), np.arange(classes)] = _power(reach[:classes].max())
        else:
            column = int(np.argmin(reach))
            with np.errstate(over="ignore", invalid="ignore"):
                shifts[ranks[1:], column] = _power(reach[column]) * np.arange(1, classes)
        return shifts

    def _readout(self, shifts: Floats, ranks: Integers, dtype: DType) -> list[Layer]:
        """The last hidden layer, on coordinates that are 0 or a multiple of a shift, up to 1/8."""
        classes, clamp = len(shifts), self._clamp()
        if self.condition == "paper":
            clipped = clamp.clip(
                8 / shifts.max() * (shifts > 0), np.full(classes, -4.0), np.ones(classes), dtype
            )
            weight = np.einsum("ij,ir->ijr", np.eye(classes) / 2, clipped.coefficient)
            bias = 0.5 + clipped.constant / 2
            last = Affine(weight.reshape(classes, -1).astype(dtype), bias.astype(dtype))
            return [*clipped.layers, last]
        step = np.abs(shifts[ranks[1]]) if classes > 1 else np.zeros(shifts.shape[1])
        number = np.where(step > 0, 1 / np.where(step > 0, step, 1), 0.0)
        *hidden, last = one_hot(classes, clamp, shared=True, dtype=dtype)
        order = np.argsort(ranks)  # outputs by code instead of by rank
        return [
            Affine(number[None].astype(dtype), np.zeros(1, dtype)),
            *hidden,
            Affine(last.weight[order], last.bias[order]),
        ]

    def _most_groups(self, n: int, d: int, classes: int) -> int:
        """The most groups that there can be: ceil(m / d) is at most (m + d - 1) / d."""
        if self.condition == "paper":
            return n // d + classes
        return (n * (classes - 1) // classes + (classes - 1) * (d - 1)) // d

    def _last_units(self, classes: int) -> int:
        second = self._clamp().rule.second
        return second * (classes if self.condition == "paper" else edges(classes, shared=True))

    def _check_classes(self, classes: int, d: int) -> None:
        if self.condition == "paper" and classes > d:
            raise AssumptionError(
                f"The paper's form needs a feature for each class, not {d} for {classes} classes. "
                "Take condition='sharp'."
            )

    def _clamp(self) -> Clamp:
        return clamp_of(self.activation, self.slope, self.condition, composition=self.composition)


def _power(reach: float) -> float:
    """A power of two 8 to 16 times as large; 1 for 0, and infinity where there is none."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(1.0, int(np.frexp(reach)[1]) + 3)) if reach > 0 else 1.0


def _block(planes: Planes, shifts: Floats, clamp: Clamp, dtype: DType) -> Residual:
    """Bumps (clip(t + 2) - clip(t - 2)) / 2, 1 for |t| <= 1 and 0 for |t| >= 3, times shifts."""
    sharpness = _sharpness(planes)[:, None]
    weight = np.repeat(sharpness * planes.normal, 2, axis=0)
    bias = (sharpness * planes.offset[:, None] + np.array([2.0, -2.0])).ravel()
    clipped = clamp.clip(weight, bias, np.ones(len(bias)), dtype)
    half = np.repeat(shifts, 2, axis=0) / 2 * np.tile([1.0, -1.0], len(shifts))[:, None]
    back = half[:, None, :] * clipped.coefficient[:, :, None]
    last = Affine(
        back.reshape(-1, shifts.shape[1]).T.astype(dtype), (clipped.constant @ half).astype(dtype)
    )
    return Residual((*clipped.layers, last))


def _sharpness(planes: Planes) -> Floats:
    """The least power of two that puts all other points at |t| >= 4."""
    away = np.where(np.isfinite(planes.outside), planes.outside, 4.0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.exp2(np.ceil(np.log2(4 / away)))


def _check_planes(
    data: DataSet, groups: list[Integers], planes: Planes, done: Integers, dtype: DType
) -> None:
    """Raise unless every plane clearly holds its own points and no other."""
    from rote.exact.matrix import rank  # FLINT, which most builds never need

    with np.errstate(invalid="ignore"):
        blurred = ~(planes.inside * _sharpness(planes) <= 0.25)
    for g in np.flatnonzero(blurred):
        group, other = groups[g], int(planes.closest[g])
        together = np.append(group, other)
        rows = sorted(data.rows[together].tolist())
        names = ", ".join(map(str, rows[:_NAMED]))
        names += f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        if len(group) == data.d and not done[other]:
            lifted = np.column_stack([data.points[together].astype(float), np.ones(data.d + 1)])
            if rank(lifted) <= data.d:
                raise AssumptionError(
                    f"Points must be in general position, at most {data.d} of them on a "
                    f"hyperplane; {len(rows)} lie on one, rows {names}.{_why(data)} Take "
                    "'yun2019-classifier', which needs distinct points only.",
                    rows,
                )
        raise PrecisionError(
            f"{dtype} cannot hold a hyperplane through {len(group)} of the rows {names} "
            f"that misses row {int(data.rows[other])}. {_REPAIR[dtype]}",
            rows,
        )


def _why(data: DataSet) -> str:
    """A reason that concerns all points at once, where there is one; a sentence, or empty."""
    low, high = column_ranges(data.points)
    constant = np.flatnonzero(low == high)
    if not constant.size:
        return ""
    more = f" (and {len(constant) - 1} more)" if len(constant) > 1 else ""
    return f" Feature {constant[0]}{more} never changes, so all points do."
