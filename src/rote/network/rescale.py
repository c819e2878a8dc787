"""Powers of two on the inputs: moved into the weights, which no float notices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rote.errors import OptionError, PrecisionError
from rote.network.layer import Affine, Layer, Residual
from rote.typing import Array

__all__ = ["for_scaled_inputs"]


def for_scaled_inputs(layers: Sequence[Layer], exponents: npt.ArrayLike) -> tuple[Layer, ...]:
    r"""Layers that take $2^{e_j} x_j$ for each $x_j$ and return the same.

    Residual blocks that come first carry the inputs, so their bodies return scaled values as well.

    Args:
        layers: A chain of float layers, at least one of them affine; before it, the body of each
            residual block ends with a linear layer.
        exponents: Integers e, shape (inputs,).

    Returns:
        The layers, as many as before and of the same widths.

    Raises:
        PrecisionError: A weight overflows, or loses bits below the smallest number of the dtype.
        OptionError: A residual block before the first affine layer ends with an activation.
    """
    e = np.asarray(exponents, np.int64)
    scaled: list[Layer] = []
    for k, layer in enumerate(layers):
        if isinstance(layer, Affine):
            return (*scaled, _taking(layer, e), *layers[k + 1 :])
        if not layer.body[-1].linear:
            raise OptionError("A residual block that carries scaled inputs must end linearly.")
        first, *rest = layer.body
        if rest:
            body = (_taking(first, e), *rest[:-1], _returning(rest[-1], e))
        else:
            body = (_returning(_taking(first, e), e),)
        scaled.append(Residual(body))
    return tuple(scaled)


def _taking(layer: Affine, e: Array) -> Affine:
    return Affine(_shifted(layer.weight, -e), layer.bias, layer.activation)


def _returning(layer: Affine, e: Array) -> Affine:
    weight = np.broadcast_to(layer.weight, (layer.outputs, layer.inputs))
    return Affine(_shifted(weight, e[:, None]), _shifted(layer.bias, e), layer.activation)


def _shifted(tensor: Array, e: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        result: Array = np.ldexp(tensor, e)
        exact = np.array_equal(np.ldexp(result, -e), tensor)
    if not exact or not np.isfinite(result).all():
        raise PrecisionError(
            f"{tensor.dtype} cannot hold weights for features this large or small. "
            "Rescale the features."
        )
    return result
