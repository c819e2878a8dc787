r"""Blocks: where in a list of hidden widths pairs of layers should hold points.

Proposition 3.4 of [yun2019]: blocks sit in layers $(l_j, l_j + 1)$ with $l_j + 1 < l_{j+1}$. Beside
its own units a block needs $r_j = d_y [j > 1] + [j < m]$ more in both layers: one carries the
position while blocks follow, and $d_y$ carry what the blocks before have put out. So do the layers
between two blocks ($d_y + 1$ units) and behind the last ($d_y$).
"""

from __future__ import annotations

from dataclasses import dataclass

from rote.constructions._gadgets.split import Rule

__all__ = ["Block", "Layout", "best_layout"]


@dataclass(frozen=True)
class Block:
    """Two hidden layers that hold p q points.

    Attributes:
        layer: Index of the first of them, from 0.
        p: Groups, an even number.
        q: Slots in each group.
        carried: Units in both layers that only carry.
    """

    layer: int
    p: int
    q: int
    carried: int

    @property
    def points(self) -> int:
        """How many points the block holds."""
        return self.p * self.q


@dataclass(frozen=True)
class Layout:
    """Blocks in a list of hidden layers.

    Attributes:
        blocks: From the first layer on.
        widths: Units that are used in each hidden layer.
    """

    blocks: tuple[Block, ...]
    widths: tuple[int, ...]

    @property
    def points(self) -> int:
        """How many points all blocks hold."""
        return sum(block.points for block in self.blocks)


def best_layout(widths: tuple[int, ...], n: int, outputs: int, rule: Rule) -> Layout | int:
    """The fewest blocks that hold n points, and of those with so many the one that holds most.

    Args:
        widths: Units of each hidden layer.
        n: Number of points.
        outputs: Number of outputs.
        rule: Units for each group and slot; groups come in pairs, so that beyond both ends of a
            block all its functions have one sign.

    Returns:
        The layout; or how many points fit, where n do not.
    """
    search = _Search(widths, outputs, rule)
    if len(set(widths)) == 1:
        return _row(search, n)
    most = 0
    while (found := search.with_another_block()) is not None:
        held = sum(block.points for block in found)
        if held >= n:
            return Layout(found, _used(found, len(widths), outputs, rule))
        most = max(most, held)
    return most


class _Search:
    """The best blocks by their number, built up one by one."""

    def __init__(self, widths: tuple[int, ...], outputs: int, rule: Rule) -> None:
        self.widths, self.outputs, self.rule = widths, outputs, rule
        # The best blocks that end at a layer, with others to follow; at first none.
        self.open: dict[int, tuple[Block, ...]] | None = None

    def with_another_block(self) -> tuple[Block, ...] | None:
        """The best layout of one block more than before, or None if no so many fit."""
        last = [
            (*before, block)
            for layer in range(len(self.widths) - 1)
            if all(w >= self.outputs for w in self.widths[layer + 2 :])
            for before in self._before(layer)
            if (block := self.block(layer, first=not before, last=True))
        ]
        self.open = {
            layer: max(options, key=_points)
            for layer in range(len(self.widths) - 1)
            if (
                options := [
                    (*before, block)
                    for before in self._before(layer)
                    if (block := self.block(layer, first=not before, last=False))
                ]
            )
        }
        return max(last, key=_points, default=None)

    def _before(self, layer: int) -> list[tuple[Block, ...]]:
        """Blocks behind which another one may stand at a layer."""
        if self.open is None:
            return [()]
        return [
            blocks
            for end, blocks in self.open.items()
            if end + 2 <= layer and all(w >= self.outputs + 1 for w in self.widths[end + 2 : layer])
        ]

    def block(self, layer: int, *, first: bool, last: bool) -> Block | None:
        """The largest block at a layer, or None if none fits beside what it carries."""
        carried = (0 if first else self.outputs) + (0 if last else 1)
        rule, (one, two) = self.rule, (w - carried for w in self.widths[layer : layer + 2])
        p = 2 * max(one // (2 * rule.first), 0)
        q = rule.step * max(two // (rule.step * rule.second * self.outputs), 0)
        return Block(layer, p, q, carried) if p * q else None


def _row(search: _Search, n: int) -> Layout | int:
    """Blocks one behind the other, which none are better than where all widths are equal."""
    depth = len(search.widths)
    only, first, between, last = (
        search.block(0, first=k in "of", last=k in "ol") if depth > 1 else None for k in "ofbl"
    )
    held = {1: only.points} if only else {}
    if first and last and depth >= 4:
        held[2] = first.points + last.points
        if between and depth >= 6:
            # The fewest that hold n, or all that there is room for.
            more = min(max(1, -((held[2] - n) // between.points)), depth // 2 - 2)
            held[2 + more] = held[2] + more * between.points
    count = next((count for count, points in held.items() if points >= n), None)
    if count is None:
        return max(held.values(), default=0)
    row = (search.block(2 * k, first=k == 0, last=k == count - 1) for k in range(count))
    found = tuple(block for block in row if block)
    return Layout(found, _used(found, depth, search.outputs, search.rule))


def _points(blocks: tuple[Block, ...]) -> int:
    return sum(block.points for block in blocks)


def _used(blocks: tuple[Block, ...], depth: int, outputs: int, rule: Rule) -> tuple[int, ...]:
    """Units of each hidden layer: one before the first block, those that carry between blocks."""
    used = [1] * depth
    for layer in range(blocks[0].layer, depth):
        used[layer] = outputs + (layer < blocks[-1].layer)
    for block in blocks:
        used[block.layer] = rule.first * block.p + block.carried
        used[block.layer + 1] = rule.second * outputs * block.q + block.carried
    return tuple(used)
