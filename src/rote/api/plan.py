"""Planning: what every construction promises for data of a size, and what no network can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from rote.atlas.plan import Row, plan_rows, within
from rote.bounds import Question
from rote.data import DataSet, Problem
from rote.data.geometry import general_position, separation
from rote.errors import OptionError
from rote.typing import Floats, Progress, no_progress

__all__ = ["Plan", "plan", "plan_data"]


@dataclass(frozen=True)
class Plan:
    """What is known of networks for data of a size.

    Attributes:
        problem: The size.
        information_bits: The information limit n log2(C); infinite for real labels.
        sort: The quantity by which rows are sorted.
        budget: Largest values that were asked for; with any, only rows within them are left.
        rows: One for each construction.
        checked: Of each hypothesis, what a look at the data has shown; empty without data.
    """

    problem: Problem
    information_bits: float
    sort: str
    budget: dict[str, int]
    rows: tuple[Row, ...]
    checked: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return asdict(self)


def plan(
    n: int,
    d: int,
    classes: int | None = 2,
    separation: float | None = None,
    *,
    outputs: int = 1,
    bits: int | None = None,
    sort: str = "parameters",
    budget: Mapping[str, int] | None = None,
) -> Plan:
    """Every construction's promised size for data of a size, and what no smaller network can do.

    Args:
        n: Number of distinct points.
        d: Number of features.
        classes: Number of classes, or None for real labels.
        separation: Least distance between points of the unit ball, where it is known.
        outputs: Real labels of each point.
        bits: Bits of each parameter, for what no network can do; real numbers by default.
        sort: ``neurons``, ``parameters``, ``depth``, ``width`` or ``bits``.
        budget: Largest values of some of these: only constructions within them are listed, each
            with the most points that it holds within them.

    Returns:
        The plan.

    Raises:
        OptionError: An argument has no meaning.
    """
    return _plan(Problem(n, d, classes, outputs, separation), bits, sort, budget or {}, {})


def plan_data(
    data: DataSet,
    *,
    bits: int | None = None,
    sort: str = "parameters",
    budget: Mapping[str, int] | None = None,
    progress: Progress = no_progress,
) -> Plan:
    """:func:`plan` for a data set: its separation is measured, and hypotheses are checked on it.

    Args:
        data: The data set.
        bits: Bits of each parameter, as for :func:`plan`.
        sort: As for :func:`plan`.
        budget: As for :func:`plan`.
        progress: Called as ``progress(stage, done, total)``.

    Returns:
        The plan.

    Raises:
        OptionError: An argument has no meaning.
    """
    points = data.floats()
    problem = replace(data.problem, separation=_unit_separation(points, progress))
    rough = _plan(problem, bits, sort, budget or {}, {})
    needed = dict.fromkeys(h for row in rough.rows for h in row.hypotheses)
    return replace(rough, checked=_check(points, list(needed), progress))


def _plan(
    problem: Problem,
    bits: int | None,
    sort: str,
    budget: Mapping[str, int],
    checked: dict[str, str],
) -> Plan:
    delta = problem.separation
    if delta is not None and delta > 2:
        raise OptionError(f"separation is that of points in the unit ball, at most 2, not {delta}.")
    question = Question(problem.classes, delta, bits=bits)
    rows = plan_rows(problem, question, sort)
    if budget:
        rows = within(rows, budget, problem)
    known = problem.classes is not None
    limit = problem.n * math.log2(problem.classes or 1) if known else math.inf
    return Plan(problem, limit, sort, dict(budget), tuple(rows), checked)


def _unit_separation(points: Floats, progress: Progress) -> float | None:
    """The least distance once the points are moved and scaled into the unit ball."""
    if len(points) < 2:
        return None
    near_one = np.ldexp(points, -int(np.frexp(np.abs(points).max())[1]))
    radius = float(np.linalg.norm(near_one - near_one.mean(axis=0), axis=1).max())
    found = separation(near_one, progress=progress).distance / radius
    return found if 0 < found <= 2 else None


def _check(points: Floats, hypotheses: list[str], progress: Progress) -> dict[str, str]:
    """What is true of the points; in words, for every hypothesis that can be checked."""
    about_position = [h for h in hypotheses if "general position" in h.partition(":")[0]]
    found = dict.fromkeys(hypotheses, "not checked here; building checks it")
    for hypothesis in hypotheses:
        if "at distances of" in hypothesis:
            found[hypothesis] = "holds, after moving and scaling the points"
    if about_position:
        position = general_position(points, progress=progress)
        verdict = {True: "holds", False: "fails", None: "undecided"}[position.holds]
        for hypothesis in about_position:
            # The weak form follows from the strict one, and may hold where that fails.
            weak = hypothesis.startswith("weak") and not position.holds
            found[hypothesis] = f"{'undecided' if weak else verdict}: {position.reason}"
    return found
