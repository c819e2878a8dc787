"""What the constructions guarantee of an architecture: the largest n whose network fits inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from rote.atlas.embed import fits_inside, hidden_widths
from rote.bounds import BOUNDS, Architecture, Bound, Question
from rote.constructions import CATALOGUE, Construction, Theorem, make
from rote.data import Problem
from rote.errors import AssumptionError, OptionError
from rote.network import Activation, Size

__all__ = ["Guarantee", "guarantees", "holders", "largest"]

_MOST = 1 << 60
"""Where a search for the largest n gives up. Ours."""

_TOO_MANY = 1 << 34
"""A promise of given widths that is still made for so many points does not depend on them, and says
nothing: it is the hypothesis that they suffice. Ours."""


@dataclass(frozen=True)
class Guarantee:
    """A theorem by which an architecture memorizes n points.

    Attributes:
        key: Catalogue key of the construction, or of the bound.
        points: The largest n.
        statement: The theorem's statement.
        source: Citation key.
        number: Theorem number in the source, or ``ours``.
        hypotheses: What the points must satisfy beyond being distinct, in words.
    """

    key: str
    points: int
    statement: str
    source: str
    number: str
    hypotheses: tuple[str, ...]


Holds = Callable[[int], bool]


@dataclass(frozen=True)
class Holder:
    """A theorem that may hold points inside an architecture.

    Attributes:
        theorem: A construction's theorem, or a bound of the kind ``guaranteed``.
        holds: Whether the network that it promises for n points fits inside.
        hypotheses: What that needs of the points, in words.
    """

    theorem: Theorem | Bound
    holds: Holds
    hypotheses: tuple[str, ...]


def guarantees(architecture: Architecture, question: Question) -> list[Guarantee]:
    """What every construction guarantees of an architecture.

    Args:
        architecture: The network, all weights of which are free.
        question: Labels and separation. A theorem about real weights says nothing of weights with
            a limit on their bits or their size.

    Returns:
        One entry for each construction that guarantees anything, largest number first.
    """
    best: dict[str, Guarantee] = {}
    for holder in holders(architecture, question):
        n = largest(holder.holds)
        theorem = holder.theorem
        if n and (theorem.key not in best or best[theorem.key].points < n):
            best[theorem.key] = Guarantee(
                theorem.key,
                n,
                theorem.statement,
                theorem.source,
                theorem.number,
                holder.hypotheses,
            )
    return sorted(best.values(), key=lambda g: -g.points)


def holders(architecture: Architecture, question: Question) -> Iterator[Holder]:
    """Theorems that may hold points inside an architecture; a construction with several options.

    Args:
        architecture: The network.
        question: Labels and separation.

    Yields:
        Each with its test.
    """
    if question.bits is not None or question.total_weight is not None:
        return
    for bound in BOUNDS.values():
        if bound.kind == "guaranteed":
            yield Holder(bound, _by_bound(bound, architecture, question), bound.hypotheses)
    for key, kind in CATALOGUE.items():
        if kind.theorem.skips:
            continue
        for construction, given_widths in _suited(key, kind, architecture):
            for labels, outputs, read in _label_forms(kind.theorem, architecture, question):
                form = (labels, outputs, read)
                yield _holder(construction, architecture, question, form, given_widths)


def largest(holds: Holds, start: int = 1) -> int | None:
    """The largest n for which a test that fails from some n on succeeds.

    Args:
        holds: The test.
        start: The first n to try.

    Returns:
        n; start - 1 if it fails there, and None if it does not seem to end.
    """
    low, high = start - 1, start
    while holds(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _by_bound(bound: Bound, architecture: Architecture, question: Question) -> Holds:
    """Whether the widths that suffice by a bound fit inside."""
    read = 1 if question.classes is not None else architecture.outputs
    if question.distributions and question.classes is not None:
        read = question.classes - 1

    def holds(n: int) -> bool:
        widths = None
        if read <= architecture.outputs and bound.suffices is not None:
            widths = bound.suffices(n, architecture, question)
        return widths is not None and fits_inside(
            Size(depth=len(widths), widths=widths),
            architecture,
            read,
            binary=question.classes == 2 and not question.distributions,
        )

    return holds


def _holder(
    construction: Construction,
    architecture: Architecture,
    question: Question,
    form: tuple[int | None, int, int],
    given_widths: bool,
) -> Holder:
    theorem = construction.theorem
    classes, outputs, read = form

    def fits(n: int) -> bool:
        problem = Problem(n, architecture.inputs, classes, outputs, question.separation)
        try:
            promised = construction.promise(problem)
        except (AssumptionError, ArithmeticError):  # numbers beyond what a formula was made for
            return False
        return fits_inside(promised, architecture, read, binary=classes == 2)

    @cache
    def endless() -> bool:
        return given_widths and fits(_TOO_MANY)

    def holds(n: int) -> bool:
        return fits(n) and not endless()

    hypotheses = theorem.hypotheses
    if question.separation is not None and not _says_widths(
        construction, Problem(1, architecture.inputs, classes, outputs)
    ):
        delta = f"{question.separation:g}"
        hypotheses = (f"points of the unit ball at distances of {delta} or more", *hypotheses)
    return Holder(theorem, holds, hypotheses)


def _says_widths(construction: Construction, problem: Problem) -> bool:
    try:
        return hidden_widths(construction.promise(problem)) is not None
    except AssumptionError:
        return True


def _label_forms(
    theorem: Theorem, architecture: Architecture, question: Question
) -> Iterator[tuple[int | None, int, int]]:
    """Classes, real outputs and numbers read, of the problems whose solution is one of ours.

    Labels that are decided by comparing two affine functions of the last layer need one number.
    Those of C classes are the largest of C affine functions, which takes C outputs; or they are
    real labels 0 to C - 1 of one output, of which the functions 2 c y - c^2 are largest at c = y.

    Yields:
        The three numbers.
    """
    classes, k = question.classes, architecture.outputs
    if question.distributions and classes is not None:
        if "real" in theorem.tasks and k >= classes - 1:
            yield None, classes - 1, classes - 1
        return
    if classes is None:
        if "real" in theorem.tasks:
            yield None, k, k
        return
    if "classes" in theorem.tasks and (classes <= 2 or k >= classes):
        yield classes, 1, 1 if classes <= 2 else classes
    if "real" in theorem.tasks and classes > 2:
        yield None, 1, 1


def _suited(
    key: str, kind: type[Construction], architecture: Architecture
) -> Iterator[tuple[Construction, bool]]:
    """The construction with options that follow from the architecture, and if widths are given."""
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]  # every one is a dataclass
    activation = architecture.activation
    if activation.kind not in kind.theorem.activations:
        return
    base: dict[str, Any] = {}
    if "activation" in names:
        base = _named(activation, names)
    elif kind.theorem.activations != (activation.kind,) or activation.parameter:
        return
    for shape in _shapes(names, architecture.hidden):
        try:
            yield make(key, **base, **shape), bool({"width", "widths"} & set(shape))
        except OptionError:
            continue


def _named(activation: Activation, names: set[str]) -> dict[str, Any]:
    if activation.kind == "leaky" and "slope" in names:
        return {"activation": "leaky", "slope": activation.parameter}
    return {"activation": str(activation)}


_PREFIXES = 4
"""Hidden layers that a construction of a fixed number of layers may have. Ours."""


def _shapes(names: set[str], hidden: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Options that prescribe all widths; else none, or one width or a depth."""
    if "widths" in names:
        for length in {*range(1, min(len(hidden), _PREFIXES) + 1), len(hidden)} - {0}:
            yield {"widths": hidden[:length]}
        return
    yield {}
    if not hidden:
        return
    if "width" in names:
        yield {"width": min(hidden)}
    if "depth" in names:
        yield {"depth": len(hidden)}
