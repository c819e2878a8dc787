r"""Lookup: which group a number h falls into, and the codes that are stored for that group.

Groups are half-open intervals between integer *cuts*. A *test* of h against a cut t takes two
layers, $r = \sigma(t - h)$ and $\sigma(1 - r)$, and is exactly 1 if h >= t and exactly 0 if
h <= t - 1, whatever rounding did to h before: saturation by composition.

**Wide lookup.** S^2 groups in 5 layers, S by S (row a, column b), for R codes (registers):

1. $\sigma(t_{a0} - h)$ and $\sigma(h - t_{a+1,0} + 1)$ for the S - 1 cuts between rows;
2. $e_a$, which is 1 less these two for row a: 1 for h's own row and 0 for all others;
3. $q_b = \sigma(\sum_a t_{ab} e_a - h)$, the tests of the S + 1 cuts of that row: with a single
   summand beside h, so that few roundings come between;
4. $s_b = \sigma(1 - q_b)$;
5. gates $g_b = \sigma(\sum_a U_{ab} e_a - M (1 - s_b + s_{b+1}))$ for each register, with M above
   all codes U: the gate of h's own group is its code, all others are 0.

At most ``(R + 2) + max(2 S + 1, R S)`` units wide with h, another carried value and R accumulated
codes. Every sum of integers has at most $4 M$ for the sum of its absolute terms. The idea of two
levels is common to the papers; this form is *ours*.

**Narrow lookup.** One group in 2 layers, for any number of codes: $r_1 = \sigma(t - h)$,
$r_2 = \sigma(h - t' + 1)$ and $I = \sigma(1 - r_1 - r_2)$, the exact *window* of its interval; the
codes are added up as multiples of I. The window is [vardi2022, Lemma A.6]; see also [park2021].
"""

from __future__ import annotations

from collections.abc import Sequence

from rote.constructions._gadgets.circuit import Circuit, Sum, added

__all__ = ["narrow_lookup", "wide_lookup", "wide_lookup_layers", "wide_lookup_width"]

_WIDE_LAYERS = 5


def wide_lookup_layers(groups: int, side: int) -> int:
    """Layers of the wide lookup: 5 for each S^2 groups."""
    return _WIDE_LAYERS * -(-groups // side**2)


def wide_lookup_width(groups: int, side: int, registers: int, carried: int) -> int:
    """Largest width of the wide lookup.

    Args:
        groups: Number of groups.
        side: S.
        registers: Codes of each group.
        carried: Values beside h that are carried past it.

    Returns:
        The width.
    """
    blocks = -(-groups // side**2)
    held = carried + 1 + (registers if blocks > 1 else 0)
    return held + max(2 * side + 1, registers * side)


def wide_lookup(
    circuit: Circuit,
    start: int,
    h: int,
    cut: Sequence[int],
    codes: Sequence[Sequence[int]],
    side: int,
) -> list[Sum]:
    """Look the codes of h's group up, S^2 groups at a time.

    Args:
        circuit: Where to add the units.
        start: The first layer to use; h stands before it.
        h: The unit to look up.
        cut: G + 1 integers in increasing order.
        codes: For each group its codes, nonnegative integers.
        side: S.

    Returns:
        Sums of units of the last layer used, ``start + wide_lookup_layers(G, S) - 1``, and of
        earlier ones: each register's code.
    """
    registers = len(codes[0])
    found: list[Sum] = [{}] * registers
    for layer, base in zip(
        range(start, start + wide_lookup_layers(len(codes), side), _WIDE_LAYERS),
        range(0, len(codes), side**2),
        strict=True,
    ):
        block = _Block(circuit, layer, h, cut, codes, base, side)
        gates = block.gates()
        for k in range(registers):
            if found[k]:  # what was found so far waits in one unit for the next block's gates
                found[k] = {circuit.unit(layer, found[k]): 1}
            found[k] = added(found[k], gates[k])
    return found


class _Block:
    """S^2 groups of the wide lookup."""

    def __init__(
        self,
        circuit: Circuit,
        layer: int,
        h: int,
        cut: Sequence[int],
        codes: Sequence[Sequence[int]],
        base: int,
        side: int,
    ) -> None:
        self.circuit, self.layer, self.h, self.side = circuit, layer, h, side
        self.codes = codes[base : base + side**2]
        self.cuts = cut[base : base + len(self.codes) + 1]

    def gates(self) -> list[Sum]:
        """For each register the sum of its gates."""
        own = [self._own_row(a) for a in range(self.side)]
        tests = [self._test(b, own) for b in range(self.side + 1)]
        return [self._bank(k, own, tests) for k in range(len(self.codes[0]))]

    def _cut(self, a: int, b: int) -> int:
        """Beyond the last group all cuts are its end: no number falls between them."""
        return self.cuts[min(a * self.side + b, len(self.cuts) - 1)]

    def _own_row(self, a: int) -> int:
        outside = {}
        if a:
            outside[self.circuit.unit(self.layer, {self.h: -1}, self._cut(a, 0))] = -1
        if a + 1 < self.side:
            after = self._cut(a + 1, 0)
            outside[self.circuit.unit(self.layer, {self.h: 1}, 1 - after)] = -1
        return self.circuit.unit(self.layer + 1, outside, 1)

    def _test(self, b: int, own: list[int]) -> int:
        cuts = {unit: self._cut(a, b) for a, unit in enumerate(own)}
        q = self.circuit.unit(self.layer + 2, {**cuts, self.h: -1})
        return self.circuit.unit(self.layer + 3, {q: -1}, 1)

    def _bank(self, register: int, own: list[int], tests: list[int]) -> Sum:
        columns = [
            {a: self.codes[k][register] for a, k in enumerate(range(b, len(self.codes), self.side))}
            for b in range(self.side)
        ]
        bound = 1 << max(max(c.values(), default=0) for c in columns).bit_length()
        bank = {}
        for b, column in enumerate(columns):
            if any(column.values()):
                terms = {own[a]: code for a, code in column.items()}
                terms |= {tests[b]: bound, tests[b + 1]: -bound}
                bank[self.circuit.unit(self.layer + 4, terms, -bound)] = 1
        return bank


def narrow_lookup(
    circuit: Circuit, start: int, h: int, cut: Sequence[int], codes: Sequence[Sequence[int]]
) -> list[Sum]:
    """Look the codes of h's group up, a group at a time.

    Args:
        circuit: Where to add the units.
        start: The first layer to use; h stands before it.
        h: The unit to look up.
        cut: G + 1 integers in increasing order.
        codes: For each group its codes, nonnegative integers.

    Returns:
        Each register's code, as sums of units of the layer ``start + 2 G - 1`` and earlier ones.
    """
    found: list[Sum] = [{}] * len(codes[0])
    for g, values in enumerate(codes):
        layer = start + 2 * g
        below = circuit.unit(layer, {h: -1}, cut[g])
        above = circuit.unit(layer, {h: 1}, 1 - cut[g + 1])
        inside = circuit.unit(layer + 1, {below: -1, above: -1}, 1)
        for k, value in enumerate(values):
            held = {circuit.unit(layer, found[k]): 1} if found[k] else {}
            found[k] = {**held, inside: value}
    return found
