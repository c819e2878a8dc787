"""What every bound is: a statement about how many points networks of a shape memorize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import RELU

__all__ = ["Architecture", "Bound", "Kind", "Outline", "Question", "Scope"]

Kind: TypeAlias = Literal[
    "guaranteed",
    "impossible-some-data",
    "impossible-almost-all-real-labels",
    "impossible-random-labels",
]
"""What a bound says of n points: that some weights fit them, whatever they are; or that no weights
fit some data set; or almost any real labels; or random labels, with a given probability."""

Scope: TypeAlias = Literal["every", "open", "special"]
"""Of which n points an impossibility speaks: of every n points; of an open set of them, in which
some are in general position; or of special ones, such as points on a line."""


@dataclass(frozen=True)
class Outline:
    """What may be known of a network where the widths of its layers are not.

    Attributes:
        inputs: Number of features.
        outputs: Number of outputs.
        parameters: Free parameters, at most.
        depth: Hidden layers, in a chain, with a bias for each unit and at most one linear layer
            before each; None if the form is another or unknown.
        activation: Of all hidden units; None if there are several or they are unknown.
    """

    inputs: int
    outputs: int
    parameters: int
    depth: int | None = None
    activation: Activation | None = None

    def __post_init__(self) -> None:
        if min(self.inputs, self.outputs) < 1 or min(self.parameters, self.depth or 0) < 0:
            raise OptionError(
                "A network has inputs, outputs, and no negative number of parameters or layers, "
                f"not {self}."
            )


@dataclass(frozen=True)
class Architecture:
    """A fully connected network with biases, of which all parameters are free.

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

    @property
    def outline(self) -> Outline:
        """The same without the widths."""
        return Outline(
            self.inputs, self.outputs, self.parameters, len(self.hidden), self.activation
        )

    def with_outputs(self, outputs: int) -> Architecture:
        """The same hidden layers with another number of outputs."""
        return replace(self, widths=(*self.widths[:-1], outputs))


@dataclass(frozen=True)
class Question:
    """What is known of the points, the labels and the weights.

    Attributes:
        classes: Number of classes, or None for real labels, as many as the network has outputs.
        separation: Least distance between points of the unit ball, where it is known.
        failure: Probability with which a statement about random labels may fail.
        bits: Bits of each parameter, or None for real numbers.
        total_weight: Largest total weight of a network with one hidden layer, or None.
        distributions: Whether labels are any probability distributions over the classes, as in
            next-token prediction, instead of one class each.
    """

    classes: int | None = 2
    separation: float | None = None
    failure: float = 0.01
    bits: int | None = None
    total_weight: float | None = None
    distributions: bool = False

    def __post_init__(self) -> None:
        if self.classes is not None and self.classes < 1:
            raise OptionError(f"classes must be at least 1, not {self.classes}.")
        if self.separation is not None and not 0 < self.separation <= 2:
            raise OptionError(f"separation must lie in (0, 2], not {self.separation}.")
        if not 0 < self.failure < 1:
            raise OptionError(f"failure must lie in (0, 1), not {self.failure}.")
        if self.bits is not None and self.bits < 1:
            raise OptionError(f"bits must be at least 1, not {self.bits}.")
        if self.total_weight is not None and not self.total_weight > 0:
            raise OptionError(f"total_weight must be positive, not {self.total_weight}.")
        if self.distributions and self.classes is None:
            raise OptionError("Distributions need a number of classes; real labels have none.")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A statement with its source, and the number that it gives for a network.

    Attributes:
        key: Catalogue key: citation key and a noun.
        title: A short name.
        statement: In one or two sentences, with the source's letters.
        source: Citation key in ``docs/refs.bib``; the same for our own forms of a result.
        number: Theorem number in the source, or ``ours``.
        constants: Whose the constants are, in words.
        kind: What is said of n points.
        scope: Of which points it is said.
        hypotheses: What it needs of points and weights, in words; empty if nothing.
        points: Called with an architecture and a question: the fewest points that are impossible;
            None where the bound says nothing. It grows with every width.
        of_outline: The same for a network of which only an outline is known. It grows with the
            number of parameters. Where ``points`` is missing, it serves for architectures too.
        suffices: For the kind ``guaranteed``: called with n, an architecture and a question, the
            hidden widths that suffice for any n points, or None where the bound says nothing.
    """

    key: str
    title: str
    statement: str
    source: str
    number: str
    constants: str
    kind: Kind
    scope: Scope = "every"
    hypotheses: tuple[str, ...] = ()
    points: Callable[[Architecture, Question], int | None] | None = None
    of_outline: Callable[[Outline, Question], int | None] | None = None
    suffices: Callable[[int, Architecture, Question], tuple[int, ...] | None] | None = None

    def first_impossible(self, network: Architecture | Outline, question: Question) -> int | None:
        """The fewest points at which the statement holds.

        Args:
            network: An architecture, or an outline of one.
            question: What is known of points, labels and weights.

        Returns:
            The number of points, or None where the bound says nothing.
        """
        if question.classes == 1:
            return None
        if isinstance(network, Architecture):
            if self.points is not None:
                return self.points(network, question)
            network = network.outline
        return None if self.of_outline is None else self.of_outline(network, question)
