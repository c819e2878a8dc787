"""Size: everything about a network that a theorem may promise, counted from the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from rote.network.layer import Affine, Layer, Residual
from rote.network.storage import stored_bytes
from rote.typing import DType

__all__ = ["Size", "measure"]


@dataclass(frozen=True, kw_only=True)
class Size:
    """A measured size, or a promised one, where ``None`` means that nothing is promised.

    Attributes:
        depth: Hidden layers: affine layers that have an activation.
        widths: Units of each hidden layer.
        neurons: Sum of the widths.
        parameters: Stored weights and biases, zeros included; a shared row counts once.
        nonzero: Stored weights and biases other than zero.
        weight_bits: Bits per weight: 32 or 64, or the longest integer of an exact network, sign
            included.
        largest_weight: Largest absolute weight or bias.
        total_weight: Sum of |a| sqrt(|w|^2 + b^2) over the units of a network with one hidden
            layer and one output [bubeck2020].
        stored_bytes: Bytes of all tensors, each in the smallest type that holds it exactly.
    """

    depth: int | None = None
    widths: tuple[int, ...] | None = None
    neurons: int | None = None
    parameters: int | None = None
    nonzero: int | None = None
    weight_bits: int | None = None
    largest_weight: float | None = None
    total_weight: float | None = None
    stored_bytes: int | None = None

    def exceeds(self, promise: Size) -> list[str]:
        """Names of the quantities that are larger here than promised; widths entry by entry."""
        over = []
        for name in (f.name for f in fields(self)):
            mine, promised = getattr(self, name), getattr(promise, name)
            if mine is None or promised is None:
                continue
            if name == "widths":
                if len(mine) > len(promised) or any(
                    a > b for a, b in zip(mine, promised, strict=False)
                ):
                    over.append(name)
            elif mine > promised:
                over.append(name)
        return over


def measure(layers: Sequence[Layer], dtype: DType) -> Size:
    """Count the size of layers in the given arithmetic.

    Args:
        layers: The layers of a network.
        dtype: Its arithmetic.

    Returns:
        The size with every field set, but ``total_weight`` where it has no meaning.
    """
    affine = [f for k in layers for f in (k.body if isinstance(k, Residual) else (k,))]
    tensors = [t for f in affine for t in (f.weight, f.bias)]
    widths = tuple(f.outputs for f in affine if not f.linear)
    if dtype == "exact":
        bits = 1 + max(abs(v).bit_length() for t in tensors for v in t.ravel().tolist())
    else:
        bits = 8 * np.dtype(dtype).itemsize
    return Size(
        depth=len(widths),
        widths=widths,
        neurons=sum(widths),
        parameters=sum(t.size for t in tensors),
        nonzero=sum(int(np.count_nonzero(t)) for t in tensors),
        weight_bits=bits,
        largest_weight=max(_largest(f) for f in affine),
        total_weight=_total_weight(layers),
        stored_bytes=sum(stored_bytes(t) for t in tensors),
    )


def _largest(layer: Affine) -> float:
    largest = max(np.abs(layer.weight).max(), np.abs(layer.bias).max())
    try:
        return float(largest * 2**layer.exponent if layer.exponent else largest)
    except OverflowError:
        return float("inf")


def _total_weight(layers: Sequence[Layer]) -> float | None:
    """The total weight of a network `linear* - hidden - linear` with one output, else None."""
    if any(isinstance(k, Residual) or k.weight.dtype == object for k in layers):
        return None
    affine = [k for k in layers if isinstance(k, Affine)]
    hidden = [k for k, f in enumerate(affine) if not f.linear]
    if hidden != [len(affine) - 2] or affine[-1].outputs != 1:
        return None
    (k,) = hidden
    weight, bias = affine[k].weight.astype(np.float64), affine[k].bias.astype(np.float64)
    for before in reversed(affine[:k]):  # fold the linear layers in front into the hidden one
        bias = bias + weight @ np.broadcast_to(before.bias, (before.outputs,))
        if before.shared:
            weight = weight.sum(axis=1, keepdims=True) * before.weight
        else:
            weight = weight @ before.weight
    norm = np.sqrt(np.square(weight).sum(axis=1) + np.square(bias))
    a = np.abs(affine[-1].weight[0].astype(np.float64))
    return float(np.sum(a * norm))
