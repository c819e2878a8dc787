"""What every bound is: a statement about how many points networks of an architecture memorize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import RELU

__all__ = ["Architecture", "Bound", "Kind", "Question"]

Kind: TypeAlias = Literal[
    "guaranteed",
    "impossible-some-data",
    "impossible-almost-all-real-labels",
    "impossible-random-labels",
]
"""What a bound says of n points: that some weights fit them, whatever they are; or that no weights
fit some data set; or almost any real labels; or random labels, with a given probability."""


@dataclass(frozen=True)
class Architecture:
    """A fully connected network, of which the weights are free.

    Attributes:
        widths: Inputs, units of each hidden layer, and outputs.
        activation: Of all hidden units.
    """

    widths: tuple[int, ...]
    activation: Activation = RELU

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise OptionError(
                "Widths must be two or more positive numbers, inputs and outputs among them, "
                f"not {self.widths}."
            )

    @property
    def inputs(self) -> int:
        """Number of features."""
        return self.widths[0]

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return self.widths[1:-1]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.widths[-1]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum((a + 1) * b for a, b in pairwise(self.widths))


@dataclass(frozen=True)
class Question:
    """What is known of the points and labels.

    Attributes:
        classes: Number of classes, or None for real labels.
        separation: Least distance between points of the unit ball, where it is known.
        failure: Probability with which a statement about random labels may fail.
    """

    classes: int | None = 2
    separation: float | None = None
    failure: float = 0.01

    def __post_init__(self) -> None:
        if self.classes is not None and self.classes < 1:
            raise OptionError(f"classes must be at least 1, not {self.classes}.")
        if self.separation is not None and not 0 < self.separation <= 2:
            raise OptionError(f"separation must lie in (0, 2], not {self.separation}.")
        if not 0 < self.failure < 1:
            raise OptionError(f"failure must lie in (0, 1), not {self.failure}.")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A statement with its source, and the number that it gives for an architecture.

    Attributes:
        key: Catalogue key: citation key and a noun.
        title: A short name.
        statement: In one or two sentences, with the source's letters.
        source: Citation key in ``docs/refs.bib``; the same for our own forms of a result.
        number: Theorem number in the source, or ``ours``.
        kind: What is said of n points.
        hypotheses: What it needs beyond distinct points, in words; empty if nothing.
        points: Called with an architecture and a question: the most points that are guaranteed, or
            the fewest that are impossible; None where the bound says nothing.
    """

    key: str
    title: str
    statement: str
    source: str
    number: str
    kind: Kind
    hypotheses: tuple[str, ...] = ()
    points: Callable[[Architecture, Question], int | None]
