"""A probe: how many labels a given PyTorch module can reach near its own weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from rote.capacity.formulas import Formula, generic_rank
from rote.capacity.gram_rank import gram_rank
from rote.capacity.module_gram import in_double, module_gram, trainable
from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import GELU, RELU, SIGMOID, SILU, SOFTPLUS, TANH
from rote.typing import Floats, Progress, no_progress

__all__ = ["Probe", "probe_module"]

_ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.Tanh: TANH,
    nn.Sigmoid: SIGMOID,
    nn.GELU: GELU,
    nn.SiLU: SILU,
    nn.Softplus: SOFTPLUS,
    nn.ReLU: RELU,
}


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a probe found.

    Attributes:
        points: Inputs that were given.
        outputs: Outputs for each.
        parameters: Parameters that may move.
        rank: Independent rows of the Jacobian, of points x outputs.
        complete: Whether the rank stopped growing before the rows ended, so that it is that of the
            module and not of the inputs.
        clear: Whether the rank stands far above rounding.
        conditioning: The squared sine of the smallest angle between an independent row and those
            before it.
        bound: A theorem's upper bound of the rank.
        reason: That theorem in words.
        source: Its citation key, or ``ours``.
    """

    points: int
    outputs: int
    parameters: int
    rank: int
    complete: bool
    clear: bool
    conditioning: float
    bound: int
    reason: str
    source: str

    @property
    def capacity(self) -> int:
        """Points whose labels can all be reached: the rank over the outputs."""
        return self.rank // self.outputs

    @property
    def lost(self) -> int | None:
        """Parameters lost to symmetries and dead units, where the rank is complete."""
        return self.parameters - self.rank if self.complete else None

    def describe(self) -> str:
        """One sentence for each finding."""
        found = "" if self.complete else "at least "
        outputs = f"{self.outputs} output{'s' if self.outputs > 1 else ''}"
        capacity = f"Capacity {found}{self.capacity} points of {outputs}"
        parts = [f"{capacity}, rank {found}{self.rank} of {self.parameters} parameters."]
        if self.lost:
            parts.append(f"{self.lost} parameters are lost to symmetries or dead units.")
        if not self.clear:
            parts.append("The rank is blurred by rounding: read it as a lower bound.")
        parts.append(f"Upper bound {self.bound}: {self.reason}.")
        return " ".join(parts)


def probe_module(module: nn.Module, inputs: Any, progress: Progress = no_progress) -> Probe:
    """The rank of a module's Jacobian at its own weights.

    Args:
        module: Any module that treats the inputs of a batch independently (batch normalization in
            evaluation mode does). It is copied to float64.
        inputs: An array or tensor of shape (n, ...); floats become float64, integers stay.
        progress: Called as ``progress("gradients", done, total)``.

    Returns:
        The findings.

    Raises:
        OptionError: The module returns no such outputs, or has no parameters.
    """
    inputs = torch.as_tensor(inputs)
    if not inputs.ndim or not len(inputs):
        raise OptionError(f"Inputs must have shape (n, ...), not {tuple(inputs.shape)}.")
    copy = in_double(module)
    given = inputs.double() if inputs.is_floating_point() else inputs
    parameters = sum(p.numel() for p in trainable(copy).values())
    gram = module_gram(copy, given, progress)
    found = gram_rank(gram)
    formula = _formula(copy, parameters)
    return Probe(
        points=len(given),
        outputs=len(gram) // len(given),
        parameters=parameters,
        rank=found.rank,
        complete=not found.full and _complete(gram, found.rank),
        clear=found.clear,
        conditioning=found.smallest,
        bound=formula.rank,
        reason=formula.reason,
        source=formula.source,
    )


def _complete(gram: Floats, rank: int) -> bool:
    """Whether the rank stays when a random half of the rows to spare is left out.

    It does not where rows are dependent because points repeat one another.

    Args:
        gram: Shape (n, n).
        rank: Its rank, below n.

    Returns:
        Whether the other rows have the same rank.
    """
    fewer = len(gram) - (len(gram) - rank + 1) // 2
    rows = np.random.default_rng(0).permutation(len(gram))[:fewer]
    return gram_rank(gram[np.ix_(rows, rows)]).rank == rank


def _formula(module: nn.Module, parameters: int) -> Formula:
    """The formula of a plain stack of linear layers with one activation; else the count."""
    count = Formula(parameters, f"{parameters} parameters that may move", "madden2024")
    parts = [
        p
        for p in module.modules()
        if not isinstance(p, nn.Identity | nn.Dropout | nn.Flatten) and not list(p.children())
    ]
    linear, between = parts[::2], parts[1::2]
    kinds = {type(p) for p in between}
    if len(linear) < 2 or len(linear) != len(between) + 1 or len(kinds) != 1:
        return count
    activation = _ACTIVATIONS.get(kinds.pop())
    widths: list[int] = []
    for layer in linear:
        if not isinstance(layer, nn.Linear) or layer.bias is None:
            return count
        if widths and widths[-1] != layer.in_features:
            return count
        widths += [layer.out_features] if widths else [layer.in_features, layer.out_features]
    if activation is None:
        return count
    formula = generic_rank(widths, activation)
    return formula if formula.rank <= parameters else count
