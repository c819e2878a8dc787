r"""Reader: from the sum over columns to a point of an interval, by folds only.

The number is folded with 1/4 added down to 8 bits, its leading bits are appended (where code words
have more than one: with z the number plus 1/4, z + z / 2^9 - 1/4 is the number, a zero, and the
number once more), and it is folded once per start plane; the key's own of these points is kept.
"""

from __future__ import annotations

from rote.constructions._compact.layout import Layout
from rote.constructions._compact.steps import Step, size_of
from rote.network import Affine
from rote.typing import DType

__all__ = ["point_gap", "reader_layers"]


def reader_layers(
    inputs: list[str], depth: int, repeat: bool, layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], float]:
    """From sums, less half their range, to points of an interval, one per word.

    Args:
        inputs: Names of the sums.
        depth: Longest code word in bits.
        repeat: Whether the whole number is appended to itself, instead of its leading bits.
        layout: Ranges of the address.
        dtype: Arithmetic of the network.

    Returns:
        The layers; the names of the units before the points are added up, point w being the sum of
        the units ``kept w`` and ``last w``; and the length of the interval. No point is nearer to
        an end of a code word's interval than :func:`point_gap` of it.
    """
    bits = layout.sum_bits
    one = 2.0 ** (bits - 2)
    words = range(layout.words)
    entry = Step(inputs)
    for w in words:
        entry.pair(f"t{w}", {f"S{w}": 1}, 0.25)
    entry.unit("k", {"k": one / 2}, -one / 2)
    entry.unit("one", {}, one)
    entry.unit("step", {}, one / (2 << layout.planes))
    again = Step(entry.names)
    for w in words:
        again.pair(f"t{w}", size_of(f"t{w}", 2) | {"one": -2})
    for name in ("k", "one", "step"):
        again.unit(name, {name: 1})
    layers = [entry.layer(dtype), *[again.layer(dtype)] * (bits - layout.planes - 1)]
    if depth == 1 or repeat:
        first = Step(again.names)
        factor = 1.0 if depth == 1 else 1 + 0.5 ** (layout.planes + 1)
        for w in words:
            terms = size_of(f"t{w}", factor) | {"one": -1}
            first.pair(f"t{w}", terms if depth == 1 else terms | {"step": -1})
    else:
        append, first = _append_steps(again.names, depth - 1, layout.words)
        layers.append(append.layer(dtype))
    select, choose = _select_steps(first, layout.words)
    layers += [select.layer(dtype), *[choose.layer(dtype)] * layout.planes]
    return layers, choose.names, one


def point_gap(depth: int, repeat: bool, planes: int) -> float:
    """How near a point comes to an end of a code word's interval, over the interval."""
    return 0.5 ** (2 * planes + 3 if depth > 1 and repeat else planes + 1 + depth)


def _append_steps(inputs: list[str], bits: int, words: int) -> tuple[Step, Step]:
    """Append the leading bits of each number below it, behind a zero, and fold once."""
    append = Step(inputs)
    count = (1 << bits) - 1
    for w in range(words):
        append.unit(f"y{w}", size_of(f"t{w}"))
        for i in range(1, count + 1):
            # Half the distance from a number plus 1/4 to a threshold, on either side.
            threshold = {"one": -i * 2.0 ** (1 - bits)}
            append.unit(f"u{w}.{i}", size_of(f"t{w}") | threshold | {"step": 1})
            append.unit(f"v{w}.{i}", size_of(f"t{w}") | threshold | {"step": -1})
    for name in ("k", "one", "step"):
        append.unit(name, {name: 1})
    first = Step(append.names)
    for w in range(words):
        terms = {f"y{w}": 1.0, "one": -1.0, "step": 2.0**-bits - 1}
        for i in range(1, count + 1):
            terms |= {f"u{w}.{i}": 2.0**-bits, f"v{w}.{i}": -(2.0**-bits)}
        first.pair(f"t{w}", terms)
    return append, first


def _select_steps(first: Step, words: int) -> tuple[Step, Step]:
    """Fold once per plane and keep the point at which a countdown from k is zero."""
    choose_names = [n for w in range(words) for n in (f"t{w}+", f"t{w}-")]
    first.unit("k+", {"k": 1})
    first.unit("k-", {})
    for w in range(words):
        first.unit(f"last{w}", {})
        first.unit(f"kept{w}", {})
    first.unit("one", {"one": 1})
    assert first.names[: len(choose_names)] == choose_names
    choose = Step(first.names)
    for w in range(words):
        choose.pair(f"t{w}", size_of(f"t{w}", 2) | {"one": -1})
    choose.pair("k", {"k+": 1, "k-": -1, "one": -1})
    for w in range(words):
        choose.unit(f"last{w}", size_of(f"t{w}") | {"k+": -1, "k-": -1})
        choose.unit(f"kept{w}", {f"kept{w}": 1, f"last{w}": 1})
    choose.unit("one", {"one": 1})
    return first, choose
