"""The plan for data of a size: every construction's promise, and what no smaller network can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from rote.atlas.embed import hidden_widths
from rote.atlas.guarantee import largest
from rote.bounds import BOUNDS, Architecture, Bound, Outline, Question
from rote.constructions import CATALOGUE, Construction, make
from rote.data import Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Activation, Size
from rote.network.activation import Kind
from rote.suggest import did_you_mean

__all__ = ["QUANTITIES", "Least", "Row", "plan_rows", "within"]

_DEEPEST = 300
"""Hidden layers up to which it is worked out what no smaller network can do. Ours."""

QUANTITIES = ("neurons", "parameters", "depth", "width", "bits")
"""What rows can be sorted by and limited in."""


@dataclass(frozen=True)
class Least:
    """What every network of a kind must have.

    Attributes:
        value: The number; with less, the points cannot all be memorized.
        bound: Key of the bound that says so.
    """

    value: int
    bound: str


@dataclass(frozen=True)
class Row:
    """What one construction promises for the data.

    Attributes:
        construction: Catalogue key.
        activation: Of its hidden units.
        neurons: Hidden units; None where the theorem is silent, as in all that follow.
        parameters: Stored weights and biases.
        depth: Hidden layers.
        width: Units of the widest hidden layer.
        bits: The information limit over the parameters: bits that each must have on average; None
            for real labels.
        hypotheses: What the points must satisfy, in words.
        refused: Why it does not apply, in words; None if it does.
        least_width: Units that the widest layer of every network of this activation and depth must
            have; with one hidden layer, all its units.
        least_parameters: Parameters that every network of this activation and depth must have.
        most_points: The largest n within the budget, where there is one.
    """

    construction: str
    activation: str
    neurons: int | None = None
    parameters: int | None = None
    depth: int | None = None
    width: int | None = None
    bits: int | None = None
    hypotheses: tuple[str, ...] = ()
    refused: str | None = None
    least_width: Least | None = None
    least_parameters: Least | None = None
    most_points: int | None = None


def plan_rows(problem: Problem, question: Question, sort: str = "parameters") -> list[Row]:
    """What every construction promises, smallest first; silent and refused ones last.

    Args:
        problem: The size of the data.
        question: Labels, separation and bits as the bounds want them.
        sort: One of :data:`QUANTITIES`.

    Returns:
        One row for each construction.

    Raises:
        OptionError: Another quantity.
    """
    _check(sort)
    rows = [_row(key, problem, question) for key in CATALOGUE]

    def price(row: Row) -> tuple[bool, float]:
        value = getattr(row, sort)
        return row.refused is not None, math.inf if value is None else value

    return sorted(rows, key=price)


def within(rows: Iterable[Row], budget: Mapping[str, int], problem: Problem) -> list[Row]:
    """The rows that fit a budget, with the most points that do.

    Args:
        rows: Of a plan.
        budget: Largest value of some of :data:`QUANTITIES`.
        problem: The size of the data, of which n is varied.

    Returns:
        Rows of which the theorem promises everything that the budget limits.

    Raises:
        OptionError: Another quantity.
    """
    for name in budget:
        _check(name)
    fitting = (row for row in rows if row.refused is None and _fits(row, budget))
    return [
        replace(row, most_points=_most_points(row.construction, budget, problem)) for row in fitting
    ]


def _check(quantity: str) -> None:
    if quantity not in QUANTITIES:
        raise OptionError(
            f"There is no quantity {quantity!r}. {did_you_mean(quantity, QUANTITIES)}"
        )


def _fits(row: Row, budget: Mapping[str, int]) -> bool:
    values = ((getattr(row, name), limit) for name, limit in budget.items())
    return all(value is not None and value <= limit for value, limit in values)


def _most_points(key: str, budget: Mapping[str, int], problem: Problem) -> int | None:
    construction = make(key)

    def fits(n: int) -> bool:
        try:
            return _fits(_promised(construction, replace(problem, n=n)), budget)
        except AssumptionError:
            return False

    return largest(fits)


def _row(key: str, problem: Problem, question: Question) -> Row:
    construction = make(key)
    theorem = construction.theorem
    row = Row(key, str(_activation(construction)), hypotheses=theorem.hypotheses)
    task = "real" if problem.classes is None else "classes"
    if task not in theorem.tasks:
        labels = "class labels" if task == "real" else "real labels"
        return replace(row, refused=f"takes {labels} only")
    try:
        promised = _promised(construction, problem)
    except AssumptionError as error:
        return replace(row, refused=str(error))
    if problem.separation is not None and promised != _without_separation(construction, problem):
        needs = f"points of the unit ball at distances of {problem.separation:g} or more"
        promised = replace(promised, hypotheses=(needs, *promised.hypotheses))
    return _with_limits(promised, construction, problem, question)


def _without_separation(construction: Construction, problem: Problem) -> Row | None:
    try:
        return _promised(construction, replace(problem, separation=None))
    except AssumptionError:
        return None


def _promised(construction: Construction, problem: Problem) -> Row:
    """The promise for a problem, as a row."""
    size = construction.promise(problem)
    widths = hidden_widths(size)
    neurons = size.neurons if size.neurons is not None or widths is None else sum(widths)
    return Row(
        construction.theorem.key,
        str(_activation(construction)),
        neurons,
        size.parameters,
        size.depth if widths is None else len(widths),
        None if widths is None else max(widths, default=0),
        _bits(size, problem),
        construction.theorem.hypotheses,
    )


def _bits(size: Size, problem: Problem) -> int | None:
    """Bits that a parameter must have so that all labels can be told apart."""
    if problem.classes is None or not size.parameters:
        return None
    return max(1, math.ceil(problem.n * math.log2(problem.classes) / size.parameters))


def _activation(construction: Construction) -> Activation:
    """That of the hidden units by default: the theorem's first, unless an option says otherwise."""
    names = construction.theorem.activations or ("identity",)
    chosen = getattr(construction, "activation", names[0])
    return Activation(cast(Kind, chosen if chosen in names else names[0]))


def _with_limits(row: Row, construction: Construction, problem: Problem, question: Question) -> Row:
    """The row with what no network of its depth and activation can do with less."""
    depth, activation = row.depth, _activation(construction)
    if depth is None or depth > _DEEPEST or construction.theorem.skips:
        return row
    d, k = problem.d, _outputs(problem)
    bounds = [b for b in BOUNDS.values() if not row.hypotheses or b.scope != "special"]

    def too_narrow(bound: Bound, width: int) -> bool:
        network = Architecture((d, *(width,) * depth, k), activation)
        least = bound.first_impossible(network, question)
        return least is not None and least <= problem.n

    def too_few(bound: Bound, parameters: int) -> bool:
        network = Outline(d, k, parameters, depth, activation)
        least = bound.first_impossible(network, question)
        return least is not None and least <= problem.n

    return replace(
        row,
        least_width=_least(too_narrow, bounds) if depth else None,
        least_parameters=_least(too_few, bounds),
    )


def _outputs(problem: Problem) -> int:
    """Outputs with which all labels can be read, however that is done."""
    if problem.classes is None:
        return problem.outputs
    return 1 if problem.classes <= 2 else problem.classes


def _least(impossible: Callable[[Bound, int], bool], bounds: list[Bound]) -> Least | None:
    """The least number that no bound rules out, and the bound that rules out the one before."""
    best: Least | None = None
    for bound in bounds:
        if bound.kind in ("guaranteed", "impossible-random-labels"):
            continue
        low = best.value if best else 1
        below = largest(partial(impossible, bound), start=low)
        if below is not None and below >= low:
            best = Least(below + 1, bound.key)
    return best
