r"""Reader: from the sum over columns to a point of an interval, by folds only.

The number is folded with 1/4 added down to its low bits, two folds to a layer: with t its distance
from the middle of an interval of length M, and q = relu(|t| - M / 4),

    2 |2 |t| - M / 2| - M / 2 = M / 2 - 4 |t| + 8 q.

Its leading bits are appended (where code words have more than one: with z the number plus 1/4,
z + z / 2^9 - 1/4 is the number, a zero, and the number once more), and it is folded once per start
plane, again two folds to a layer; the key's own of these points is kept. A countdown from the start
plane stops at -2; where it is 0 or 1, relu(point - distance from that) is the point.
"""

from __future__ import annotations

from collections.abc import Sequence

from rote.constructions._compact.layout import Layout
from rote.constructions._compact.steps import Step, Terms, size_of
from rote.network import Affine
from rote.typing import DType

__all__ = ["cap_layer", "point_gap", "point_units", "reader_layers"]

_TWICE, _ONCE = ("q", "r"), ("q",)
"""Names of the equal units for q: as 4 q + 4 q every weight has four bits, but runtimes are fastest
with eight units or fewer. Ours."""


def reader_layers(
    inputs: list[str], depth: int, repeat: bool, layout: Layout, dtype: DType
) -> tuple[list[Affine], list[str], float]:
    """From sums to points of an interval, one per word.

    Args:
        inputs: Names of the sums.
        depth: Longest code word in bits.
        repeat: Whether the whole number is appended to itself, instead of its leading bits.
        layout: Ranges of the address.
        dtype: Arithmetic of the network.

    Returns:
        The layers; the names of the units before the points are added up, point w being the sum of
        the :func:`point_units` of w; and the length of the interval. No point is nearer to an end
        of a code word's interval than :func:`point_gap` of it.
    """
    bits = layout.sum_bits
    one = 2.0 ** (bits - 2)
    words = range(layout.words)
    entry = Step(inputs)
    copies = _TWICE if depth == 1 else _ONCE
    for w in words:
        _bend(entry, copies, w, {f"S{w}": 1}, 0.25 - 2 * one, {}, one)
    entry.unit("k", {"k": one / 2 / layout.start_scale}, -one / 2)
    leading = 0 if repeat else depth - 1
    constants = {"one": one}
    if depth > 1:
        constants["step"] = one / (2 << layout.planes)
    if leading:
        constants["tick"] = one * 2.0 ** (1 - leading)
    for name, value in constants.items():
        entry.unit(name, {}, value)
    again = Step(entry.names)
    for w in words:
        _bend(again, copies, w, _folded_twice(w, copies, "one"), 0.0, {"one": 1})
    for name in ("k", *constants):
        again.unit(name, {name: 1})
    doubled, single = divmod(bits - layout.planes - 1, 2)
    layers = [entry.layer(dtype), *[again.layer(dtype)] * doubled]
    sizes = [_size_folded(w, copies, "one") if single else size_of(f"t{w}") for w in words]
    if depth == 1:
        first = Step(again.names)
        points = [_sum(size, {"one": -1}) for size in sizes]
    else:
        number = _number_step(again.names, sizes, leading)
        layers.append(number.layer(dtype))
        tail = 0.5 ** (layout.planes + 1)
        if leading:
            number = _append_step(number.names, leading, layout.words)
            layers.append(number.layer(dtype))
            tail = 0.0
        first = Step(number.names)
        points = [{f"y{w}": (1 + tail) / 2, "one": -1.0, "step": -1.0} for w in words]
    select, choose = _select_steps(first, points)
    layers += [select.layer(dtype), *[choose.layer(dtype)] * -(-layout.planes // 2)]
    return layers, choose.names, one


def point_gap(depth: int, repeat: bool, planes: int) -> float:
    """How near a point comes to an end of a code word's interval, over the interval."""
    return 0.5 ** (2 * planes + 3 if depth > 1 and repeat else planes + 1 + depth)


def point_units(word: int) -> tuple[str, ...]:
    """Names of the units whose sum is a word's point."""
    return f"even{word}", f"odd{word}", f"kept{word}"


def cap_layer(units: list[str], words: int, dtype: DType) -> tuple[Affine, list[str]]:
    """How much each point falls short of the interval's end: nothing for points beyond it.

    Inputs far from all keys have such points, so large that stairs over them would round.

    Args:
        units: Names of the units before.
        words: How many points there are.
        dtype: Arithmetic of the network.

    Returns:
        The layer, and the names of its units.
    """
    cap = Step(units)
    for w in range(words):
        cap.unit(f"short{w}", _sum({"half": 2}, dict.fromkeys(point_units(w), -1)))
    cap.unit("half", {"half": 1})
    return cap.layer(dtype), cap.names


def _sum(*parts: Terms) -> dict[str, float]:
    """The sum of affine expressions."""
    total: dict[str, float] = {}
    for part in parts:
        for name, c in part.items():
            total[name] = total.get(name, 0.0) + c
    return total


def _bend(
    step: Step,
    copies: Sequence[str],
    word: int,
    terms: Terms,
    bias: float,
    quarter: Terms,
    constant: float = 0.0,
) -> None:
    """Add t = terms + bias by its parts, and q = relu(|t| - quarter - constant) by its halves."""
    step.pair(f"t{word}", terms, bias)
    minus = {name: -c for name, c in quarter.items()}
    for q in copies:
        step.unit(f"{q}{word}+", _sum(terms, minus), bias - constant)
        step.unit(f"{q}{word}-", _sum({n: -c for n, c in terms.items()}, minus), -bias - constant)


def _size_folded(word: int, copies: Sequence[str], quarter: str) -> dict[str, float]:
    """|2 |t| - M / 2| = M / 2 - 2 |t| + 4 q, where a unit holds M / 4."""
    bent = [size_of(f"{q}{word}", 4.0 / len(copies)) for q in copies]
    return _sum(size_of(f"t{word}", -2), *bent, {quarter: 2})


def _folded_twice(word: int, copies: Sequence[str], quarter: str) -> dict[str, float]:
    """M / 2 - 4 |t| + 8 q, where a unit holds M / 4."""
    folded = {name: 2 * c for name, c in _size_folded(word, copies, quarter).items()}
    return _sum(folded, {quarter: -2})


def _number_step(inputs: list[str], sizes: list[dict[str, float]], bits: int) -> Step:
    """Twice each number plus 1/4, and half its distances from where its leading bits change."""
    number = Step(inputs)
    for w, size in enumerate(sizes):
        number.unit(f"y{w}", _sum(size, size))
        for i in range(1, 1 << bits):
            threshold = {"tick": -float(i)}
            number.unit(f"u{w}.{i}", _sum(size, threshold, {"step": 1}))
            number.unit(f"v{w}.{i}", _sum(size, threshold, {"step": -1}))
    for name in ("k", "one", "step"):
        number.unit(name, {name: 1})
    return number


def _append_step(inputs: list[str], bits: int, words: int) -> Step:
    """Twice each number plus 1/4 with its leading bits behind a zero, and a step to take off."""
    append = Step(inputs)
    for w in range(words):
        terms = {f"y{w}": 1.0, "step": 2.0 ** (1 - bits)}
        for i in range(1, 1 << bits):
            terms |= {f"u{w}.{i}": 2.0 ** (1 - bits), f"v{w}.{i}": -(2.0 ** (1 - bits))}
        append.unit(f"y{w}", terms)
    for name in ("k", "one", "step"):
        append.unit(name, {name: 1})
    return append


def _select_steps(first: Step, points: list[dict[str, float]]) -> tuple[Step, Step]:
    """Fold twice per layer, and keep the point before or after if the countdown says so.

    Args:
        first: The layer that begins with the points.
        points: Each word's point, less half the interval, in the units before.

    Returns:
        The layer of the points and the one to repeat.
    """
    words = range(len(points))
    for w, terms in enumerate(points):
        _bend(first, _TWICE, w, terms, 0.0, {"one": 0.5})
    _countdown(first, {"k": 1}, {"one": 1})
    for w in words:
        for name in point_units(w):
            first.unit(name, {})
    first.unit("half", {"one": 0.5})
    choose = Step(first.names)
    interval = {"half": 2.0}
    for w in words:
        _bend(choose, _TWICE, w, _folded_twice(w, _TWICE, "half"), 0.0, {"half": 1})
    _countdown(choose, {"k": 1, "half": -4}, interval)
    for w in words:
        even, odd, kept = point_units(w)
        choose.unit(even, _sum(size_of(f"t{w}"), {"k": -1, "below": -1}))
        choose.unit(
            odd, _sum(_size_folded(w, _TWICE, "half"), {"k": -1, "below": 1, "near": -2}, interval)
        )
        choose.unit(kept, dict.fromkeys((even, odd, kept), 1))
    choose.unit("half", {"half": 1})
    return first, choose


def _countdown(step: Step, k: Terms, interval: Terms) -> None:
    """Units from which |k| = k + below and |k - 1| = k - below - 1 + 2 near follow."""
    minus = {name: -c for name, c in k.items()}
    step.unit("k", k)
    step.unit("below", minus)
    step.unit("near", _sum(minus, interval))
