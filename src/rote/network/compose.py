r"""Composition: networks one after the other, side by side, and beside a carried input.

All functions take and return tuples of layers: a decision belongs to the whole, so whoever
composes makes the :class:`~rote.network.Network`, with the decision that reads the new outputs.
Evaluated without rounding, with f and g the functions that layers compute::

    in_series(f, g)(x) == g(f(x))
    in_parallel(f, g)(x) == (f(x), g(x))
    in_parallel(f, g, disjoint=True)((x, y)) == (f(x), g(y))
    with_carry(f, columns)(x) == (f(x), x[columns])
    written_out(f)(x) == f(x)

A carried value passes through units with weight 1 and no activation, which no float arithmetic
rounds. Zero weights are added around it, so in floats the other units may be summed in another
order than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np

from rote.errors import OptionError
from rote.exact.dyadic import granularity, to_integers
from rote.network.layer import LARGEST_EXPONENT, Affine, Layer, Residual, check_chain
from rote.typing import Array

__all__ = ["in_parallel", "in_series", "merged", "with_carry", "written_out"]

_EXACT = 1 << 53
"""Integers up to this are exact in float64, and so are all sums whose terms add up to less."""


def in_series(*parts: Sequence[Layer]) -> tuple[Layer, ...]:
    """The parts one after the other.

    Where a part ends with a linear layer and the next starts with an affine one, the two become
    one if :func:`merged` can do so without loss.

    Args:
        parts: Chains of layers, at least one layer in all; each takes what the one before returns.

    Returns:
        The layers.

    Raises:
        OptionError: The parts do not fit, or have different dtypes.
    """
    joined: list[Layer] = []
    for part in parts:
        for k, layer in enumerate(part):
            before = joined[-1] if joined and k == 0 else None
            one = None
            if isinstance(before, Affine) and isinstance(layer, Affine):
                check_chain((before, layer))
                one = merged(before, layer)
            if one is None:
                joined.append(layer)
            else:
                joined[-1] = one
    _common_dtype(joined)
    return _checked(joined)


def in_parallel(*parts: Sequence[Layer], disjoint: bool = False) -> tuple[Layer, ...]:
    """The parts side by side; their outputs follow one another.

    A part that is less deep passes its outputs on to the end. Residual blocks stay such where all
    parts have blocks of one length in the same places; else they are written out. A row shared by
    all units of all parts stays shared; other shared rows are repeated for each unit.

    Args:
        parts: Chains of layers, at least one.
        disjoint: Whether the parts take inputs of their own, which follow one another as well,
            instead of the same ones.

    Returns:
        The layers, as many as the deepest part has, and one more where parts that take the same
        inputs start with a residual block.

    Raises:
        OptionError: Parts that take the same inputs need different numbers of them, the parts
            have different dtypes, or one has no layers that fit.
    """
    chains = [_checked(part) for part in parts]
    dtype = _common_dtype([layer for part in chains for layer in part])
    widths = {part[0].inputs for part in chains}
    if not disjoint and len(widths) > 1:
        raise OptionError(
            "Parts with the same inputs must take equally many, not "
            f"{' and '.join(map(str, sorted(widths)))}."
        )
    if not disjoint and any(isinstance(part[0], Residual) for part in chains):
        chains = [(_identity(part[0].inputs, dtype), *part) for part in chains]
    deepest = max(map(_structure, chains), key=len)
    if any(_structure(part) != deepest[: len(part)] for part in chains):
        chains = [written_out(part) for part in chains]
        deepest = max(map(_structure, chains), key=len)
    padded = [_padded(part, deepest, dtype) for part in chains]
    first, *later = zip(*padded, strict=True)
    return (_beside(first, same=not disjoint), *(_beside(layers) for layers in later))


def with_carry(layers: Sequence[Layer], columns: Sequence[int]) -> tuple[Layer, ...]:
    """The layers, with some of their inputs passed through beside them.

    Args:
        layers: A chain of layers.
        columns: Which inputs follow the outputs, in this order.

    Returns:
        Layers with ``len(columns)`` more outputs.

    Raises:
        OptionError: There is no such input, or none is named.
    """
    inputs = _checked(layers)[0].inputs
    if not columns or not all(0 <= column < inputs for column in columns):
        raise OptionError(f"Carried columns must lie in 0 to {inputs - 1}, not {list(columns)}.")
    dtype = _common_dtype(layers)
    chosen = _identity(inputs, dtype).weight[list(columns)]
    return in_parallel(layers, (Affine(chosen, _zeros((len(columns),), dtype)),))


def written_out(layers: Sequence[Layer]) -> tuple[Affine, ...]:
    """The layers without residual blocks: each becomes its body with a carry, and a sum.

    Args:
        layers: A chain of layers.

    Returns:
        Affine layers that compute the same without rounding.
    """
    dtype = _common_dtype(layers)
    parts: list[tuple[Layer, ...]] = []
    for layer in layers:
        if isinstance(layer, Affine):
            parts.append((layer,))
        else:
            unit = _identity(layer.inputs, dtype)
            total = Affine(np.concatenate([unit.weight, unit.weight], axis=1), unit.bias)
            parts.append(in_series(with_carry(layer.body, range(layer.inputs)), (total,)))
    return tuple(layer for part in parts for layer in part if isinstance(layer, Affine))


def merged(first: Affine, second: Affine) -> Affine | None:
    r"""One layer that computes the second layer of the first.

    Args:
        first: A layer of any kind.
        second: A layer that takes its outputs, of the same dtype.

    Returns:
        The layer $\phi(W_2 W_1 h + (W_2 b_1 + b_2))$; or None where the first layer is not linear,
        where its numbers are not certain to be exact in the dtype, or where it would have more
        parameters than the two.
    """
    if not first.linear or first.weight.dtype != second.weight.dtype:
        return None
    rows, columns = len(second.weight), first.inputs
    stored = sum(t.size for layer in (first, second) for t in (layer.weight, layer.bias))
    if rows * columns + second.outputs > stored:
        return None
    if first.weight.dtype == object:
        return _merged_integers(first, second)
    # One product does it all: (W2, b2) times the matrix (W1, b1; 0, 1).
    left = np.column_stack([_rows(second.weight, second.outputs), second.bias])
    right = _augmented(first, np.float64)
    if len(right) * _granules(left) * _granules(right) > _EXACT:
        return None
    exact = left.astype(np.float64) @ right
    rounded = exact.astype(first.weight.dtype)
    if not np.array_equal(rounded.astype(np.float64), exact):
        return None
    return Affine(rounded[:rows, :-1], rounded[:, -1], second.activation)


def _merged_integers(first: Affine, second: Affine) -> Affine | None:
    exponent = min(first.exponent, 0) + second.exponent
    if abs(exponent) > LARGEST_EXPONENT:
        return None
    rows = len(second.weight)
    left = np.column_stack([_rows(second.weight, second.outputs), second.bias])
    product = left @ _augmented(first, object)
    return Affine(product[:rows, :-1], product[:, -1], second.activation, exponent)


def _augmented(layer: Affine, dtype: type) -> Array:
    """The matrix (W, b; 0, 1), at the exponent ``min(layer.exponent, 0)`` for integers."""
    one, scale = 1, 1
    if layer.exponent > 0:
        scale = 1 << layer.exponent
    else:
        one = 1 << -layer.exponent
    matrix = _zeros((layer.outputs + 1, layer.inputs + 1), np.dtype(dtype))
    matrix[:-1, :-1] = layer.weight * scale
    matrix[:-1, -1] = layer.bias * scale
    matrix[-1, -1] = one
    return matrix


def _granules(matrix: Array) -> int:
    """The largest entry in units of the finest bit of any entry."""
    finest = granularity(matrix)
    largest = np.abs(matrix).max(keepdims=True)
    return 0 if finest is None else int(to_integers(largest, finest)[0].item())


def _structure(layers: Sequence[Layer]) -> tuple[int, ...]:
    """For each layer 0 if it is affine, else the number of layers in its body."""
    return tuple(0 if isinstance(layer, Affine) else len(layer.body) for layer in layers)


def _padded(
    layers: Sequence[Layer], structure: Sequence[int], dtype: np.dtype
) -> tuple[Layer, ...]:
    """The layers, followed by ones that change nothing, up to a structure that starts as theirs."""
    width = layers[-1].outputs
    return (*layers, *(_nothing(width, body, dtype) for body in structure[len(layers) :]))


def _nothing(width: int, body: int, dtype: np.dtype) -> Layer:
    """A layer or a block that returns what it takes."""
    if not body:
        return _identity(width, dtype)
    widths = [width, *[1] * (body - 1), width]
    return Residual(
        tuple(Affine(_zeros((b, a), dtype), _zeros((b,), dtype)) for a, b in pairwise(widths))
    )


def _identity(width: int, dtype: np.dtype) -> Affine:
    weight = _zeros((width, width), dtype)
    np.fill_diagonal(weight, 1)
    return Affine(weight, _zeros((width,), dtype))


def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return np.zeros(shape, dtype)  # Python's 0 for objects


def _beside(layers: Sequence[Layer], *, same: bool = False) -> Layer:
    """Layers of one kind as one: its blocks on the diagonal, or above each other on one input."""
    affine = [layer for layer in layers if isinstance(layer, Affine)]
    if affine:
        return _stacked(affine, same=same)
    bodies = [layer.body for layer in layers if isinstance(layer, Residual)]
    return Residual(tuple(_stacked(each) for each in zip(*bodies, strict=True)))


def _stacked(layers: Sequence[Affine], *, same: bool = False) -> Affine:
    exponent = min(layer.exponent for layer in layers)
    weights = [_scaled(layer.weight, layer.exponent - exponent) for layer in layers]
    biases = [_scaled(layer.bias, layer.exponent - exponent) for layer in layers]
    activation = tuple(chain.from_iterable(layer.activations for layer in layers))
    if same and all(len(w) == 1 and np.array_equal(w, weights[0]) for w in weights):
        weight = weights[0]
    else:
        full = [_rows(w, len(b)) for w, b in zip(weights, biases, strict=True)]
        weight = np.concatenate(full) if same else _diagonal(full)
    return Affine(weight, np.concatenate(biases), activation, exponent)


def _scaled(tensor: Array, shift: int) -> Array:
    return tensor << shift if shift else tensor


def _rows(weight: Array, units: int) -> Array:
    """The weight with one row for each unit."""
    return np.broadcast_to(weight, (units, weight.shape[1]))


def _diagonal(blocks: Sequence[Array]) -> Array:
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    matrix = _zeros((rows, columns), blocks[0].dtype)
    row = column = 0
    for block in blocks:
        matrix[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return matrix


def _checked(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    if not layers:
        raise OptionError("A part needs at least one layer.")
    check_chain(layers)
    return tuple(layers)


def _common_dtype(layers: Sequence[Layer]) -> np.dtype:
    """The dtype of all weights."""
    affine = [f for k in layers for f in (k.body if isinstance(k, Residual) else (k,))]
    dtypes = {f.weight.dtype for f in affine}
    if len(dtypes) != 1:
        names = " and ".join(sorted(map(str, dtypes))) or "none"
        raise OptionError(f"The layers must have one dtype, not {names}.")
    return dtypes.pop()
