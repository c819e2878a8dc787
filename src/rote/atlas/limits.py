"""The answer for one network and one kind of labels: guaranteed, open, impossible."""

from __future__ import annotations

from dataclasses import dataclass

from rote.atlas.guarantee import Guarantee, guarantees
from rote.atlas.labels import describe_labels
from rote.atlas.shape import Shape
from rote.bounds import BOUNDS, Kind, Question, Scope

__all__ = ["Impossibility", "Limits", "impossibilities", "limits"]


@dataclass(frozen=True)
class Impossibility:
    """A bound by which no weights of a network fit n points.

    Attributes:
        key: Key of the bound.
        points: The smallest n.
        kind: What is said of so many points.
        scope: Of which points.
        statement: The bound's statement.
        source: Citation key.
        number: Theorem number in the source, or ``ours``.
        constants: Whose the constants are.
        hypotheses: What it needs, in words.
    """

    key: str
    points: int
    kind: Kind
    scope: Scope
    statement: str
    source: str
    number: str
    constants: str
    hypotheses: tuple[str, ...]

    @property
    def whatever_points(self) -> bool:
        """Whether it rules out nearly all labels of every n points."""
        return self.scope == "every" and self.kind != "impossible-some-data"


@dataclass(frozen=True)
class Limits:
    """How many points a network memorizes, for one kind of labels.

    Attributes:
        labels: The labels, in words.
        question: What was asked.
        guaranteed: Theorems that guarantee some number, largest number first.
        impossible: Bounds, smallest number first.
    """

    labels: str
    question: Question
    guaranteed: tuple[Guarantee, ...]
    impossible: tuple[Impossibility, ...]

    @property
    def certain(self) -> Guarantee | None:
        """The largest number guaranteed for any distinct points."""
        return next((g for g in self.guaranteed if not g.hypotheses), None)

    @property
    def conditional(self) -> Guarantee | None:
        """The largest number guaranteed under a hypothesis, if larger than that for any points."""
        best = next(iter(self.guaranteed), None)
        return best if best is not None and best.hypotheses else None

    @property
    def first(self) -> Impossibility | None:
        """The smallest number at which some data set is out of reach."""
        return next(iter(self.impossible), None)

    @property
    def hopeless(self) -> Impossibility | None:
        """The smallest number at which nearly all labels are, whatever the points."""
        return next((b for b in self.impossible if b.whatever_points), None)

    @property
    def open(self) -> tuple[int, int | None] | None:
        """The least and the largest n of which nothing is known; None if there are none.

        Points are any distinct ones here: the interval lies between ``certain`` and ``first``.
        """
        low = self.certain.points + 1 if self.certain else 1
        if self.first is None:
            return low, None
        return (low, self.first.points - 1) if low < self.first.points else None


def limits(shape: Shape, question: Question) -> Limits:
    """All that the catalogues say of a network.

    Args:
        shape: The network.
        question: Labels, separation, bits.

    Returns:
        The limits.
    """
    known: list[Guarantee] = []
    if shape.architecture is not None and shape.whole:
        known = guarantees(shape.architecture, question)
    return Limits(
        describe_labels(question, shape.outline.outputs),
        question,
        tuple(known),
        tuple(impossibilities(shape, question)),
    )


def impossibilities(shape: Shape, question: Question) -> list[Impossibility]:
    """What every bound says of a network, smallest number of points first.

    Args:
        shape: The network.
        question: Labels, separation, bits.

    Returns:
        One entry for each bound that says anything.
    """
    found = []
    for key, bound in BOUNDS.items():
        views = (shape.architecture, shape.outline)
        numbers = [bound.first_impossible(v, question) for v in views if v is not None]
        points = min((n for n in numbers if n is not None), default=None)
        if points is not None:
            found.append(
                Impossibility(
                    key,
                    points,
                    bound.kind,
                    bound.scope,
                    bound.statement,
                    bound.source,
                    bound.number,
                    bound.constants,
                    bound.hypotheses,
                )
            )
    return sorted(found, key=lambda b: b.points)
