"""Read: a simple PyTorch module as a network with the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rote.errors import FormatError, OptionError
from rote.export.choice import choose_decision
from rote.export.stack import Stack
from rote.export.torch.modules import (
    LINEAR_FROM,
    PLAIN_ACTIVATIONS,
    PerUnit,
    Power,
    Residual,
    SharedLinear,
    TorchNetwork,
)
from rote.network.activation import SOFTPLUS, Activation, leaky, power
from rote.network.network import Network
from rote.typing import Array, DType

__all__ = ["from_torch"]

_READ = (
    "Rote reads nn.Sequential of Linear, ReLU, LeakyReLU, Hardtanh(-1, 1), Tanh, Sigmoid, "
    "GELU('none'), SiLU, Softplus(1, 20), with 40 for 20 in float64, Flatten, Identity and Dropout."
)


def from_torch(
    module: nn.Module,
    *,
    decision: str | None = None,
    labels: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> Network:
    """A PyTorch module as a network with the same weights, bit for bit.

    Args:
        module: An ``nn.Sequential`` of Linear, ReLU, LeakyReLU, Hardtanh, Tanh, Sigmoid, GELU,
            SiLU, Softplus, Flatten, Identity and, in evaluation mode, Dropout; or what
            :func:`rote.export.torch.to_torch` returned.
        decision: How its outputs become labels, chosen by default as in
            :func:`rote.export.choice.choose_decision`.
        labels: The labels in the order of their codes.
        tolerance: For real targets.

    Returns:
        The network.

    Raises:
        FormatError: A module that is not read, by name.
        OptionError: The other arguments do not fit the network.
    """
    own = module.decision if type(module) is TorchNetwork else None
    parts = list(_parts(module, ""))
    dtypes = {p.dtype for p in module.parameters()}
    known: dict[torch.dtype, DType] = {torch.float32: "float32", torch.float64: "float64"}
    if len(dtypes) != 1 or not dtypes <= set(known):
        names = ", ".join(sorted(map(str, dtypes))) or "none"
        raise FormatError(f"The weights must all be float32 or all float64, not {names}.")
    dtype = known[dtypes.pop()]
    layers = _stacked(parts, Stack(dtype)).layers
    if not layers:
        raise FormatError("The module has no Linear.")
    if own is None or not (decision is None and labels is None and tolerance is None):
        own = choose_decision(layers, decision, labels, tolerance)
    return Network(tuple(layers), own, dtype)


def _parts(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """The modules applied in turn, each with its name."""
    _refuse_hooks(module, name)
    if type(module) in {nn.Sequential, TorchNetwork}:
        children = module.layers if isinstance(module, TorchNetwork) else module
        for key, child in enumerate(cast("nn.Sequential", children)):
            yield from _parts(child, f"{name}.{key}" if name else str(key))
    else:
        yield name, module


def _refuse_hooks(module: nn.Module, name: str) -> None:
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        raise FormatError(f"{_named(module, name)} has hooks or a forward of its own. Remove them.")


def _stacked(parts: list[tuple[str, nn.Module]], stack: Stack) -> Stack:
    """Add the layers that these modules make to a stack."""
    for name, module in parts:
        try:
            if type(module) is nn.Linear or type(module) is SharedLinear:
                weight = _array(module.weight)
                # The annotation of nn.Linear leaves out that it may have no bias.
                bias = cast("torch.Tensor | None", module.bias)
                zeros = np.zeros(len(weight), weight.dtype)
                stack.add_map(weight, zeros if bias is None else _array(bias))
            elif type(module) is Residual:
                inner = [p for key, m in enumerate(module) for p in _parts(m, f"{name}.{key}")]
                stack.add_block(_stacked(inner, stack.body()))
            elif not _neutral(module, name, first=not stack.layers):
                stack.add_activation(_activation(module, name, stack.dtype))
        except OptionError as error:
            raise FormatError(f"{_named(module, name)}: {error}") from None
    return stack


def _array(tensor: torch.Tensor) -> Array:
    return tensor.detach().cpu().numpy().copy()


def _neutral(module: nn.Module, name: str, *, first: bool) -> bool:
    """Whether a module passes rows on as they are."""
    if type(module) is nn.Dropout:
        if module.training:
            raise FormatError(f"{_named(module, name)} is in training mode. Call module.eval().")
        return True
    if type(module) is nn.Flatten:
        return first and (module.start_dim, module.end_dim) == (1, -1)
    return type(module) is nn.Identity


def _activation(module: nn.Module, name: str, dtype: DType) -> Activation | tuple[Activation, ...]:
    for activation, kind in PLAIN_ACTIVATIONS.items():
        if type(module) is kind and _as_by_default(module):
            return activation
    if type(module) is PerUnit:
        return _per_unit(module, name, dtype)
    if type(module) is Power:
        return power(module.exponent)
    if type(module) is nn.LeakyReLU:
        slope = float(module.negative_slope)
        return leaky(slope) if dtype == "float32" else Activation("leaky", slope)
    if type(module) is nn.Softplus and module.beta == 1 and module.threshold >= LINEAR_FROM[dtype]:
        return SOFTPLUS
    raise FormatError(f"{_named(module, name)}: {_READ}")


def _per_unit(module: PerUnit, name: str, dtype: DType) -> tuple[Activation, ...]:
    activations: list[Activation] = []
    for key, (child, size) in enumerate(zip(module.kinds, module.sizes, strict=True)):
        _refuse_hooks(child, f"{name}.{key}")
        activation = _activation(child, f"{name}.{key}", dtype)
        assert isinstance(activation, Activation)
        activations += [activation] * size
    return tuple(activations[j] for j in module.restored.tolist())


def _as_by_default(module: nn.Module) -> bool:
    """Whether a module's options are those under which it is the activation of its name."""
    if type(module) is nn.Hardtanh:
        return (module.min_val, module.max_val) == (-1, 1)
    return type(module) is not nn.GELU or module.approximate == "none"


def _named(module: nn.Module, name: str) -> str:
    return (
        f"Module {type(module).__name__} ({name!r})" if name else f"Module {type(module).__name__}"
    )
