r"""The Gram matrix $J J^T$ of a PyTorch module, without the Jacobian.

Row (i, q) of J is the gradient of output q at input i with respect to all parameters. A linear
layer that sees inputs $a_i$ and back-propagated gradients $b_i$ has the gradient $b_i a_i^T$, so
that its part of the Gram matrix is $(A A^T + 1) \circ (B B^T)$; where it sees several tokens of an
input, gradients are formed for some of its units at a time. Every other parameter, and what is
shared among layers, goes through ``torch.func``, some inputs at a time and as many parameters as
fit the memory that is allowed. Rows are compared with plain back-propagation before they are used.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from rote.errors import OptionError
from rote.typing import Floats, Progress

__all__ = ["in_double", "module_gram", "trainable"]

_NUMBERS = 1 << 26
"""Gradient entries held at once, 512 MB. Ours."""

_CHUNK = 64
"""Inputs differentiated at once. Ours."""

_AGREE = 1e-6
"""Relative difference from back-propagation at which hooks are not trusted. Ours."""


def in_double(module: nn.Module) -> nn.Module:
    """A copy of the module in float64 and in evaluation mode."""
    return copy.deepcopy(module).double().eval()


def trainable(module: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that may move, each once."""
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def module_gram(module: nn.Module, inputs: torch.Tensor, progress: Progress) -> Floats:
    """The Gram matrix of the Jacobian of all outputs.

    Args:
        module: In float64; treats the inputs of a batch independently.
        inputs: Shape (n, ...).
        progress: Called as ``progress("gradients", outputs done, outputs)``.

    Returns:
        Shape (n k, n k), rows ordered by input, then by output; each layer's part is scaled to the
        same mean diagonal, which changes no rank.

    Raises:
        OptionError: The module's outputs are no floats with one row for each input, or do not
            depend on its parameters.
    """
    with _plain_attention():
        return _gram(module, inputs, progress)


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Attention by its formula, which alone can be differentiated for many inputs at once."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _gram(module: nn.Module, inputs: torch.Tensor, progress: Progress) -> Floats:
    n = len(inputs)
    outputs = _outputs(module, inputs[:2]).shape[1]
    linear = _Linear.watch(module)
    hooked = linear.rows(inputs, outputs, progress) if linear.layers else {}
    if hooked and not linear.agrees(inputs, hooked):
        hooked = {}
    parts = [part for part in map(_layer_gram, hooked.values()) if part.any()]
    by_hooks = {id(p) for layer in hooked for p in layer.parameters()}
    others = [name for name, p in trainable(module).items() if id(p) not in by_hooks]
    parts += list(_others(module, inputs, outputs, others))
    if not parts:
        raise OptionError("The module's outputs do not depend on any parameter that requires_grad.")
    gram = np.zeros((n * outputs, n * outputs))
    for part in parts:
        gram += part / np.trace(part)
    return gram


def _outputs(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Outputs as a matrix, one row for each input."""
    value = module(inputs)
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        raise OptionError("The module must return one tensor of floats.")
    if not value.ndim or len(value) != len(inputs):
        raise OptionError(
            f"The module must return one row for each of {len(inputs)} inputs, not a tensor of "
            f"shape {tuple(value.shape)}."
        )
    return value.reshape(len(inputs), -1)


@dataclass(eq=False)
class _Rows:
    """Inputs (n, t, in) and back-propagated gradients (n, k, t, out) of one layer's t tokens."""

    given: list[torch.Tensor] = field(default_factory=list)
    back: list[torch.Tensor] = field(default_factory=list)
    bias: bool = True


@dataclass(eq=False)
class _Linear:
    """The linear layers of a module whose parameters belong to them alone."""

    module: nn.Module
    layers: list[nn.Linear]

    @classmethod
    def watch(cls, module: nn.Module) -> _Linear:
        owners: dict[int, int] = {}
        for part in module.modules():
            for p in part.parameters(recurse=False):
                owners[id(p)] = owners.get(id(p), 0) + 1
        layers = [
            part
            for part in module.modules()
            if type(part) is nn.Linear
            and all(owners[id(p)] == 1 and p.requires_grad for p in part.parameters())
        ]
        return cls(module, layers)

    def rows(
        self, inputs: torch.Tensor, outputs: int, progress: Progress
    ) -> dict[nn.Linear, _Rows]:
        """Inputs and gradients of the layers that run."""
        n = len(inputs)
        seen: dict[nn.Linear, list[tuple[torch.Tensor, torch.Tensor]]] = {}
        with self._hooks(seen), torch.enable_grad():
            value = _outputs(self.module, inputs)
        calls = [(layer, a, z) for layer, pairs in seen.items() for a, z in pairs]
        if not calls:
            return {}
        found = {layer: _Rows(bias=layer.bias is not None) for layer in seen}
        for layer, a, _ in calls:
            found[layer].given.append(a.detach().reshape(n, -1, a.shape[-1]))
        back: list[list[torch.Tensor]] = [[] for _ in calls]
        for q in range(outputs):
            grads = _gradients(value[:, q].sum(), [z for _, _, z in calls])
            for per_output, g in zip(back, grads, strict=True):
                per_output.append(g.reshape(n, -1, g.shape[-1]))
            progress("gradients", q + 1, outputs)
        for (layer, _, _), each in zip(calls, back, strict=True):
            found[layer].back.append(torch.stack(each, 1))
        return found

    @contextmanager
    def _hooks(
        self, seen: dict[nn.Linear, list[tuple[torch.Tensor, torch.Tensor]]]
    ) -> Iterator[None]:
        def hook(layer: nn.Module, given: tuple[Any, ...], value: torch.Tensor) -> None:
            assert isinstance(layer, nn.Linear)
            seen.setdefault(layer, []).append((given[0], value))

        handles = [layer.register_forward_hook(hook) for layer in self.layers]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def agrees(self, inputs: torch.Tensor, rows: dict[nn.Linear, _Rows]) -> bool:
        """Whether the first and last input's gradients are those of back-propagation.

        Args:
            inputs: Shape (n, ...).
            rows: What :meth:`rows` found.

        Returns:
            False where a layer's weight is used elsewhere without the layer, or where inputs of a
            batch influence one another.
        """
        weights = [layer.weight for layer in rows]
        for i in {0, len(inputs) - 1}:
            value = _outputs(self.module, inputs[i : i + 1])[0, 0]
            for true, part in zip(_gradients(value, weights), rows.values(), strict=True):
                ours = sum(
                    torch.einsum("to,ta->oa", b[i, 0], a[i])
                    for a, b in zip(part.given, part.back, strict=True)
                )
                if not (ours - true).norm() <= _AGREE * (1e-300 + true.norm()):
                    return False
        return True


def _gradients(value: torch.Tensor, wanted: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Gradients of a number, zero where it does not depend on what is wanted."""
    return torch.autograd.grad(
        value, wanted, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def _layer_gram(rows: _Rows) -> Floats:
    """The part of the Gram matrix that one linear layer brings."""
    n, k = rows.back[0].shape[:2]
    a, b = torch.cat(rows.given, 1), torch.cat(rows.back, 2)
    if a.shape[1] == 1:
        left = a[:, 0] @ a[:, 0].T + float(rows.bias)
        right = b[:, :, 0].reshape(n * k, -1)
        gram = (right @ right.T).reshape(n, k, n, k) * left[:, None, :, None]
        return np.asarray(gram.reshape(n * k, n * k).numpy())
    if rows.bias:
        a = torch.cat([a, torch.ones_like(a[..., :1])], -1)
    total = torch.zeros(n * k, n * k, dtype=torch.float64)
    units = max(1, _NUMBERS // (n * k * a.shape[-1]))
    for start in range(0, b.shape[-1], units):
        g = torch.einsum("nkto,nta->nkoa", b[..., start : start + units], a).reshape(n * k, -1)
        total += g @ g.T
    return np.asarray(total.numpy())


def _others(
    module: nn.Module, inputs: torch.Tensor, outputs: int, names: list[str]
) -> Iterator[Floats]:
    """Parts of other parameters, by ``torch.func``, in groups that fit the memory."""
    n = len(inputs)
    everything = {name: p.detach() for name, p in module.named_parameters()}
    while names:
        group, size = [names.pop(0)], 0
        size = everything[group[0]].numel()
        while names and (size + everything[names[0]].numel()) * n * outputs <= _NUMBERS:
            size += everything[names[0]].numel()
            group.append(names.pop(0))

        def value(own: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
            replaced: torch.Tensor = torch.func.functional_call(
                module, {**everything, **own}, (x[None],)
            )
            return replaced.reshape(-1)

        own = {name: everything[name] for name in group}
        jacobian = torch.func.vmap(torch.func.jacrev(value), in_dims=(None, 0))
        blocks = []
        for start in range(0, n, _CHUNK):
            some = inputs[start : start + _CHUNK]
            each = [g.reshape(len(some) * outputs, -1) for g in jacobian(own, some).values()]
            blocks.append(torch.cat(each, 1))
        rows = torch.cat(blocks)
        gram = np.asarray((rows @ rows.T).numpy())
        if gram.any():
            yield gram
