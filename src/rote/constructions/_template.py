r"""Theorem in one line: which size fits which data.

**Theorem N** [key]. The statement with the paper's letters.

*Hypotheses.* What the data must satisfy beyond distinct points.

*Idea.* Three sentences that a reader can rebuild the proof from.

*Ours:* whatever differs from the paper, and every constant that is not the paper's.

To add a theorem, copy this file, write the bib entry in ``docs/refs.bib``, add the class to the
catalogue in ``constructions/__init__.py``, write ``docs/theorems/KEY.md``, and test the paper's own
numbers in ``tests/constructions/``. This template stores one point: the smallest theorem there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.data import DataSet, Problem
from rote.errors import AssumptionError
from rote.network import Affine, Decision, Layer, Size

__all__ = ["Template"]


@final
@dataclass(frozen=True)
class Template(Construction):
    """A constant fits one point.

    Attributes:
        tolerance: Largest absolute error of real targets.
    """

    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="template",
        title="A constant",
        statement="The constant y_1 fits n = 1 point with d + 1 weights per output.",
        source="zhang2017",
        number="ours",
        tasks=("classes", "real"),
        activations=(),
        hypotheses=("n = 1",),
        tight=True,
    )

    def __post_init__(self) -> None:
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """No hidden layer, and d + 1 weights per output."""
        _check(problem.n)
        return Size(depth=0, neurons=0, parameters=(problem.d + 1) * problem.outputs)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """The constant y_1."""
        _check(data.n)
        y, decision = real_targets(data, context.dtype, self.tolerance)
        weight = np.zeros((y.shape[1], data.d), context.dtype)
        return (Affine(weight, y[0].astype(context.dtype)),), decision


def _check(n: int) -> None:
    if n > 1:
        raise AssumptionError(f"A constant fits one point, not {n}.", (0, 1))
