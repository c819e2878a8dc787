"""Write: a network as a PyTorch module with the same weights."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from rote.export.floats import to_float64
from rote.export.torch.modules import (
    PerUnit,
    Residual,
    SharedLinear,
    TorchNetwork,
    activation_module,
)
from rote.network.layer import Affine, Layer
from rote.network.network import Network
from rote.typing import DType

__all__ = ["to_torch"]


def to_torch(network: Network) -> TorchNetwork:
    """A network as a PyTorch module with the same weights, bit for bit.

    Args:
        network: The network; an exact one becomes float64.

    Returns:
        A module in evaluation mode. Outputs may differ from those of other runtimes in the order of
        summation, so not at all where every sum is exact.

    Raises:
        PrecisionError: An exact network has a number that float64 does not hold.
    """
    network = to_float64(network)
    modules = [m for layer in network.layers for m in _modules(layer, network.dtype)]
    return TorchNetwork(nn.Sequential(*modules), network.decision).eval()


def _modules(layer: Layer, dtype: DType) -> Iterator[nn.Module]:
    if not isinstance(layer, Affine):
        yield Residual(*(m for affine in layer.body for m in _modules(affine, dtype)))
        return
    weight, bias = torch.tensor(layer.weight), torch.tensor(layer.bias)
    if layer.shared:
        yield SharedLinear(weight, bias)
    else:
        linear = nn.Linear(layer.inputs, layer.outputs, device="meta")  # draws no random numbers
        linear.weight, linear.bias = nn.Parameter(weight), nn.Parameter(bias)
        yield linear
    if isinstance(layer.activation, tuple):
        yield PerUnit(layer.activation, dtype)
    elif not layer.linear:
        yield activation_module(layer.activation, dtype)
