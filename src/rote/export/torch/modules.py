"""Modules: what a network is made of in PyTorch, besides its own modules."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import nn

from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    TANH,
    THRESHOLD,
    Activation,
)
from rote.network.columns import Columns
from rote.network.decision import ArgMax, Bits, Decision, Nearest, Sign
from rote.typing import DType

__all__ = [
    "LINEAR_FROM",
    "PLAIN_ACTIVATIONS",
    "PerUnit",
    "Power",
    "Residual",
    "SharedLinear",
    "Sine",
    "Threshold",
    "TorchNetwork",
    "activation_module",
]

LINEAR_FROM: dict[DType, float] = {"float32": 20.0, "float64": 40.0}
"""Where PyTorch's softplus may become the identity: log(1 + e^-t) is below half a unit there."""


class SharedLinear(nn.Module):
    """An affine map whose units share one row: one dot product, to which each adds its bias."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, in) to (batch, out)."""
        return nn.functional.linear(x, self.weight) + self.bias


class Threshold(nn.Module):
    """1 for a positive number, else 0."""

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        """Entry by entry."""
        return (t > 0).to(t.dtype)


class Sine(nn.Module):
    """The sine."""

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        """Entry by entry."""
        return torch.sin(t)


class Power(nn.Module):
    """A power with a positive integer exponent."""

    def __init__(self, exponent: int) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        """Entry by entry."""
        return t**self.exponent

    def extra_repr(self) -> str:
        """The exponent."""
        return str(self.exponent)


class PerUnit(nn.Module):
    """Several activations, each applied to the units that have it."""

    chosen: torch.Tensor
    restored: torch.Tensor

    def __init__(self, activations: tuple[Activation, ...], dtype: DType) -> None:
        super().__init__()
        kinds = list(dict.fromkeys(activations))
        units = [[j for j, a in enumerate(activations) if a == kind] for kind in kinds]
        chosen = np.concatenate(units)
        self.sizes = [len(columns) for columns in units]
        self.kinds = nn.ModuleList(activation_module(a, dtype) for a in kinds)
        self.register_buffer("chosen", torch.tensor(chosen), persistent=False)
        self.register_buffer("restored", torch.tensor(np.argsort(chosen)), persistent=False)

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        """(batch, units), entry by entry."""
        parts = torch.split(t.index_select(-1, self.chosen), self.sizes, -1)
        values = [f(part) for f, part in zip(self.kinds, parts, strict=True)]
        return torch.cat(values, -1).index_select(-1, self.restored)


class Residual(nn.Sequential):
    """What is given plus what the modules make of it."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 (the base class's name)
        """(batch, in) to (batch, in)."""
        body = input
        for module in self:
            body = module(body)
        return input + body


class TorchNetwork(nn.Module):
    """A network as a PyTorch module.

    Attributes:
        layers: ``nn.Linear`` and activation modules in order, and blocks of such.
        decision: How outputs become labels.
        labels: The original labels in the order of their codes, or None for real targets; a tuple
            of several labels of a point, but for decision ``Columns`` one of each column's labels.
    """

    def __init__(self, layers: nn.Sequential, decision: Decision) -> None:
        super().__init__()
        self.layers = layers
        self.decision = decision
        self.labels = decision.listed and tuple(
            tuple(label) if isinstance(label, list) else label for label in decision.listed
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Raw outputs: (batch, d) to (batch, k)."""
        return cast("torch.Tensor", self.layers(x))

    @torch.no_grad()
    def decide(self, x: torch.Tensor) -> torch.Tensor:
        """Codes of the decided labels, int64, (batch,) or in columns (batch, k); or the outputs."""
        raw = self(x)
        classes = len(self.labels or ())
        match self.decision:
            case Nearest():
                edges = torch.arange(classes - 1, device=raw.device) + 0.5
                return cast("torch.Tensor", (raw > edges).sum(1))
            case Sign():
                return cast("torch.Tensor", (raw[:, 0] > 0).long())
            case Bits():
                powers = 1 << torch.arange(raw.shape[1], device=raw.device)
                return cast("torch.Tensor", ((raw > 0.5) * powers).sum(1).clamp(max=classes - 1))
            case Columns(labels):
                last = raw.new_tensor([len(column) - 1 for column in labels])
                inside = raw.nan_to_num(0.0).clamp(min=0).minimum(last)
                return cast("torch.Tensor", (inside - 0.5).ceil().long())
            case ArgMax():
                return cast("torch.Tensor", raw.argmax(1))
        return cast("torch.Tensor", raw)


PLAIN_ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    IDENTITY: nn.Identity,
    RELU: nn.ReLU,
    HARD_TANH: nn.Hardtanh,
    THRESHOLD: Threshold,
    TANH: nn.Tanh,
    SIGMOID: nn.Sigmoid,
    GELU: nn.GELU,
    SILU: nn.SiLU,
    SIN: Sine,
}
"""Modules of activations that have no parameter."""


def activation_module(activation: Activation, dtype: DType) -> nn.Module:
    """The module of an activation in an arithmetic."""
    match activation.kind:
        case "leaky":
            return nn.LeakyReLU(activation.parameter)
        case "softplus":
            return nn.Softplus(threshold=LINEAR_FROM[dtype])
        case "power":
            return Power(int(activation.parameter))
    return PLAIN_ACTIVATIONS[activation]()
