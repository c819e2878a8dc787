r"""One hidden layer as narrow as training makes it: no theorem, but a certificate.

**No theorem** promises the width that training finds. What holds for any n distinct points is that
n - 1 ReLUs suffice, by interpolation along a line; that network stands in where training does not
find a smaller one. From below, a smooth network with fewer parameters than real labels fits almost
no labels [madden2024], and a network of P stored parameters of b bits holds at most P b bits.

*Hypotheses.* Distinct points; nothing else.

*Idea.* All parameters of a two-layer network move by the method of Levenberg and Marquardt
[marquardt1963], in whitened coordinates that are folded into the first layer. Real labels are
fitted as they are, up to as many as there are parameters; classes only need margins, and points
that have theirs drop out of the system. The width is searched, with several seeds at each.

*Ours:* everything: the way to the ReLU through smooth functions, the margins, the search, when
L-BFGS goes first. Each network is rounded to its arithmetic before it is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, final

import numpy as np

from rote.constructions._base import Construction, Context, Theorem
from rote.constructions._gadgets.interpolant import interpolant, sum_of_terms
from rote.constructions._gadgets.projection import best_projection, directions_for
from rote.constructions._gadgets.slopes import named_activation
from rote.constructions._gadgets.targets import check_tolerance, real_targets
from rote.constructions._training.perceptron import Perceptron
from rote.constructions._training.search import smallest_width
from rote.constructions._training.trainer import Trainer
from rote.data import DataSet, Problem
from rote.errors import OptionError, PrecisionError
from rote.network import Activation, Affine, Decision, Layer, Size

__all__ = ["Minimal"]

Trained: TypeAlias = Literal["auto", "tanh", "relu", "sigmoid", "gelu", "silu", "softplus", "sin"]


@final
@dataclass(frozen=True)
class Minimal(Construction):
    """The smallest network with one hidden layer that training finds.

    Attributes:
        activation: What the units compute; ``auto`` takes tanh, and ReLU where that is smaller.
        width: Number of hidden units; by default it is searched.
        seeds: Networks trained at each width before the next is tried.
        steps: Steps of Levenberg and Marquardt for each network.
        tolerance: Largest absolute error of real targets.
    """

    activation: Trained = "auto"
    width: int | None = None
    seeds: int = 2
    steps: int = 300
    tolerance: float | None = None

    theorem: ClassVar[Theorem] = Theorem(
        key="minimal",
        title="The smallest trained network",
        statement=(
            "No theorem: one hidden layer as narrow as training finds it, at most n - 1 units."
        ),
        source="marquardt1963",
        number="ours",
        tasks=("classes", "real"),
        activations=("tanh", "relu", "sigmoid", "gelu", "silu", "softplus", "sin"),
        most_points=100,
    )

    def __post_init__(self) -> None:
        for name in ("width", "seeds", "steps"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"Option {name!r} must be at least 1, not {value}.")
        check_tolerance(self.tolerance)

    def promise(self, problem: Problem) -> Size:
        """The given width; else at most n - 1 units."""
        k = _outputs(problem.classes, problem.outputs)
        m = self.width or max(problem.n - 1, 1)
        parameters = m * (problem.d + 1) + k * (m + 1)
        return Size(depth=1, widths=(m,), neurons=m, parameters=parameters)

    def layers(self, data: DataSet, context: Context) -> tuple[tuple[Layer, ...], Decision]:
        """Search the width, and interpolate where nothing narrower was found."""
        y, decision = real_targets(data, context.dtype, self.tolerance)
        if (y == y[0]).all():
            weight = np.zeros((y.shape[1], data.d), context.dtype)
            return (Affine(weight, y[0].astype(context.dtype)),), decision
        trainer = Trainer.of(data, y, decision, context, self.steps)
        found = self._trained(trainer, data.n)
        if found is not None:
            return trainer.layers(found.network, found.activation), trainer.decision
        if self.width is not None or self.activation not in ("auto", "relu"):
            width = "any width" if self.width is None else f"width {self.width}"
            raise PrecisionError(
                f"Training with {self.activation} units did not reach all labels at {width}. Use "
                "more seeds or steps, another width, or activation='auto'."
            )
        line = best_projection(data, context, directions_for(data.n), sum_of_terms)
        return interpolant(line, y[line.order], context.dtype), decision

    def _trained(self, trainer: Trainer, n: int) -> _Found | None:
        """The narrowest network of all activations that are tried; None if no width works."""
        if self.activation != "auto":
            return self._narrowest(trainer, self.activation, n - 1)
        found = self._narrowest(trainer, "tanh", n - 1)
        if found is None:
            return self._narrowest(trainer, "relu", n - 1)
        if self.width is not None or trainer.decision.labels is None:
            return found  # for real labels the ReLU, which can be scaled, lacks a parameter a unit
        return self._narrowest(trainer, "relu", found.width - 1, found.width - 1) or found

    def _narrowest(
        self, trainer: Trainer, name: str, most: int, guess: int | None = None
    ) -> _Found | None:
        activation = named_activation(name)

        def attempt(width: int) -> _Found | None:
            network = trainer.attempt(width, activation, self.seeds)
            return network and _Found(width, network, activation)

        if self.width is not None:
            return attempt(self.width)
        return smallest_width(attempt, guess or trainer.guess(activation), most)


@final
@dataclass(frozen=True, eq=False)
class _Found:
    """A trained network."""

    width: int
    network: Perceptron
    activation: Activation


def _outputs(classes: int | None, outputs: int) -> int:
    """Outputs of the network: one for two classes, else one for each."""
    return outputs if classes is None else 1 if classes <= 2 else classes
