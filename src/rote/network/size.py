"""Size: everything about a network that a theorem may promise, counted from the network itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np

from rote.network.layer import Affine, Layer, Residual
from rote.network.storage import stored_bytes
from rote.typing import DType, Floats

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
            if promised is None:
                continue
            if mine is None:
                over.append(name)  # the promised quantity has no meaning for this network
            elif name == "widths":
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
    return _as_float(largest, layer.exponent) if layer.weight.dtype == object else float(largest)


def _total_weight(layers: Sequence[Layer]) -> float | None:
    """The total weight of a network `linear* - hidden - linear` with one output, else None."""
    affine = [k for k in layers if isinstance(k, Affine)]
    hidden = [k for k, f in enumerate(affine) if not f.linear]
    if len(affine) < len(layers) or hidden != [len(affine) - 2] or affine[-1].outputs != 1:
        return None
    (k,) = hidden
    with np.errstate(over="ignore", invalid="ignore"):
        weight, bias = _floats(affine[k])
        for before in reversed(affine[:k]):  # fold the linear layers in front into the hidden one
            inner, shift = _floats(before)
            bias = bias + weight @ shift
            weight = weight.sum(axis=1, keepdims=True) * inner if before.shared else weight @ inner
        a = np.abs(_floats(affine[-1])[0][0])
        total = float(np.sum(a * np.hypot(np.linalg.norm(weight, axis=1), bias)))
    return total if np.isfinite(total) else float("inf")


def _floats(layer: Affine) -> tuple[Floats, Floats]:
    """Weight and bias rounded to float64; beyond its range infinite."""
    if layer.weight.dtype != object:
        return layer.weight.astype(np.float64), layer.bias.astype(np.float64)
    rounded = np.frompyfunc(lambda v: _as_float(v, layer.exponent), 1, 1)
    return rounded(layer.weight).astype(np.float64), rounded(layer.bias).astype(np.float64)


def _as_float(integer: int, exponent: int) -> float:
    r"""The float nearest to an integer times $2^e$, or an infinity."""
    ratio = Fraction(integer) * (
        Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)
    )
    try:
        return float(ratio)
    except OverflowError:
        return float("inf") if integer > 0 else float("-inf")
