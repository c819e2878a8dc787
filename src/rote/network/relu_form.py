r"""Threshold networks as ReLU networks that compute the same at given points, bit by bit.

A threshold jumps and a ReLU network is continuous, so no ReLU network equals a threshold network
everywhere. But where every pre-activation t keeps away from 0 at the points that matter, steep
ramps do, and they saturate without rounding:

* Where all t are multiples of 1/2 other than 0, $\sigma(t + \frac12) - \sigma(t - \frac12)$ is 1
  for t > 0 and 0 for t < 0. Both terms are integers, so that floats subtract them exactly. This
  costs two ReLUs for a unit and no layer.
* Otherwise, with a power of two s such that $s |t| \ge 4$, $\sigma(1 - \sigma(1 - s t))$ is the
  same. Each ReLU saturates: the inner one is 0 for t > 0 and at least 1 for t < 0, whatever the
  rounding. This costs one more layer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rote.errors import OptionError, PrecisionError
from rote.network.activation import IDENTITY, RELU, THRESHOLD, Activation
from rote.network.compose import written_out
from rote.network.layer import Affine
from rote.network.network import Network
from rote.typing import Array, Floats

__all__ = ["relu_form"]

_LARGEST = 1 << 20
"""Integers up to this size are written as differences of ReLUs. Ours."""


def relu_form(network: Network, points: npt.ArrayLike) -> Network:
    """A network without threshold units that computes the same at the given points.

    The result is to be certified like any other: the margins here are measured, not proved.

    Args:
        network: Of dtype float32 or float64; activations other than thresholds stay.
        points: Shape (n, d), at which no threshold unit may have the pre-activation 0.

    Returns:
        The network, with the same decision and provenance.

    Raises:
        OptionError: The network is exact.
        PrecisionError: A threshold unit's margin is 0, or too small for its weights to be scaled.
    """
    if network.dtype == "exact":
        raise OptionError("Only float networks have a ReLU form, not exact ones.")
    h = np.asarray(points).astype(network.dtype)
    layers: list[Affine] = []
    undo: Array | None = None  # turns the outputs so far into those of the original layer
    for layer in written_out(network.layers):
        t = Affine(layer.weight, layer.bias)(h).astype(np.float64)
        weight = np.broadcast_to(layer.weight, (layer.outputs, layer.inputs))
        replaced = np.array([a == THRESHOLD for a in layer.activations])
        if not replaced.any():
            layers.append(_behind(undo, layer))
            undo = None
        else:
            _check_margins(t[:, replaced], len(layers))
            taken = _behind(undo, Affine(weight, layer.bias))
            if _halves(t[:, replaced]):
                wide, undo = _differences(taken, replaced, layer.activations)
                layers.append(wide)
            else:
                layers += _composed(taken, replaced, layer.activations, t)
                undo = None
        h = layer(h)
    if undo is not None:
        layers.append(Affine(undo, np.zeros(len(undo), network.dtype)))
    return Network(tuple(layers), network.decision, network.dtype, network.provenance)


def _behind(undo: Array | None, layer: Affine) -> Affine:
    """The layer, taking the units of a difference where it took the difference."""
    if undo is None:
        return layer
    # Each row of undo has entries 1 and -1 and each column one of them: nothing rounds.
    return Affine(layer.weight @ undo, layer.bias, layer.activation)


def _check_margins(t: Floats, layer: int) -> None:
    row, unit = np.unravel_index(int(np.abs(t).argmin()), t.shape)
    if t[row, unit] == 0:
        raise PrecisionError(
            f"A threshold unit of layer {layer} must not meet 0; point {row} does. Build the "
            "network again for these points.",
            [int(row)],
        )


def _halves(t: Floats) -> bool:
    return bool((2 * t == np.rint(2 * t)).all() and np.abs(t).max() < _LARGEST)


def _differences(
    layer: Affine, replaced: npt.NDArray[np.bool_], kept: tuple[Activation, ...]
) -> tuple[Affine, Array]:
    """Two ReLUs for each threshold unit, and the matrix of their differences."""
    dtype = layer.bias.dtype
    half = np.where(replaced, 0.5, 0.0).astype(dtype)
    again = np.flatnonzero(replaced)
    activations = tuple(RELU if r else a for r, a in zip(replaced.tolist(), kept, strict=True)) + (
        RELU,
    ) * len(again)
    wide = Affine(
        np.concatenate([layer.weight, layer.weight[again]]),
        np.concatenate([layer.bias + half, (layer.bias - half)[again]]),
        activations,
    )
    eye = np.eye(layer.outputs, dtype=dtype)
    return wide, np.concatenate([eye, -eye[:, again]], axis=1)


def _composed(
    layer: Affine, replaced: npt.NDArray[np.bool_], kept: tuple[Activation, ...], t: Floats
) -> list[Affine]:
    """Two layers, the inner and the outer ReLU of each threshold unit; other units pass."""
    dtype = layer.bias.dtype
    margin = np.where(replaced, np.abs(t).min(axis=0), 1.0)
    scale = np.ldexp(1.0, 3 - np.frexp(margin)[1])  # 4 <= scale * margin < 8
    sign = np.where(replaced, -scale, 1.0)
    with np.errstate(over="ignore"):
        weight = (layer.weight * sign[:, None]).astype(dtype)
        bias = (layer.bias * sign + replaced).astype(dtype)
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise PrecisionError(
            f"{dtype} cannot hold the weights of a threshold unit with the margin "
            f"{margin.min():.3g}. Use dtype='float64'."
        )
    inner = tuple(RELU if r else a for r, a in zip(replaced.tolist(), kept, strict=True))
    outer = tuple(RELU if r else IDENTITY for r in replaced.tolist())
    return [
        Affine(weight, bias, inner),
        Affine(np.diag(np.where(replaced, -1.0, 1.0)).astype(dtype), replaced.astype(dtype), outer),
    ]
