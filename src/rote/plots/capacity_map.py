"""The capacity map: width against depth, coloured by what is known, with the theorems' names."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

from rote.atlas.regions import Frontier, Map
from rote.errors import OptionError
from rote.network.serial import write_whole
from rote.typing import Array, Floats

__all__ = ["draw_map"]

_MOST, _SOME, _SPLIT, _OPEN, _CONDITIONAL, _CERTAIN = range(6)

_COLORS = ("#c2410c", "#fdba74", "#c9b8dc", "#fafaf5", "#9ecae9", "#1f6fb4")
"""Of the regions: from orange to blue, apart in lightness too, for all kinds of eyes."""

_TITLES = (
    "impossible for most labels,\nwhatever the points",
    "impossible\nfor some points",
    "guaranteed in general position,\nimpossible for some points",
    "open",
    "guaranteed\nin general position",
    "guaranteed\nfor any points",
)

_ROWS = 400
"""Rows and columns of the raster on which places for titles are looked for."""

_DOTS = 100
"""Dots per inch of the layout."""

_SIZES = (14, 12, 10.5, 9, 8, 7)
"""Sizes of titles in points; a region without room for the smallest goes without."""


def draw_map(maps: Sequence[Map], path: Path, *, mark: tuple[int, int] | None = None) -> None:
    """Draw one panel for each map into one file.

    Args:
        maps: The maps, one or more.
        path: Where to; its suffix chooses the format, PNG or SVG.
        mark: Depth and width of a network to mark.

    Raises:
        OptionError: Another suffix.
        OSError: The file cannot be written.
    """
    if path.suffix not in {".png", ".svg"}:
        raise OptionError(f"{path}: a figure ends in .png or .svg.")
    wide = 7.4 * len(maps)
    figure = Figure(figsize=(wide, 6.2), dpi=_DOTS)
    figure.subplots_adjust(0.75 / wide, 0.09, 1 - 0.15 / wide, 0.94, wspace=0.14)
    for axes, chart in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps, strict=True):
        _draw(axes, chart)
        if mark is not None:
            axes.plot(*mark, "o", ms=9, mfc="white", mec="black", mew=1.5, zorder=5)
    for axes, chart in zip(figure.axes, maps, strict=True):
        _name_edges(axes, chart)
        _name_regions(axes, chart)
    content = io.BytesIO()
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(content, dpi=130, format=path.suffix[1:], metadata=metadata)
    write_whole(path, content.getvalue())


def _draw(axes: Axes, chart: Map) -> None:
    """The coloured regions and the lines between them."""
    edges = _column_edges(chart.depths)
    x = np.repeat(edges, 2)[1:-1]
    top = 2.0 * chart.most_width
    certain, conditional = (_widths(f, top) for f in (chart.certain, chart.conditional))
    conditional = np.minimum(conditional, certain)
    some, most = (_widths(f, 0.5, above=True) for f in (chart.some, chart.most))
    some = np.maximum(some, most)
    some = np.minimum(some, certain)
    bottom = np.full_like(some, 0.5)
    for low, high, region in (
        (bottom, most, _MOST),
        (most, some, _SOME),
        (some, certain, _OPEN),
        (np.maximum(conditional, some), certain, _CONDITIONAL),
        (np.minimum(conditional, some), some, _SPLIT),
        (certain, np.full_like(some, top), _CERTAIN),
    ):
        axes.fill_between(
            x, np.repeat(low, 2), np.repeat(high, 2), color=_COLORS[region], lw=0, zorder=1
        )
    for line in (certain, conditional, some, most):
        shown = np.where((line > 0.5) & (line < top), line, np.nan)
        axes.plot(x, np.repeat(shown, 2), color="#222222", lw=0.9, zorder=2)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(edges[0], edges[-1]),
        ylim=(0.7, 1.4 * chart.most_width),
        xlabel="depth (hidden layers)",
        ylabel="width (units in each hidden layer)",
    )
    n, d = (f"{number:,}".replace(",", "\u2009") for number in (chart.n, chart.inputs))
    axes.set_title(f"{n} points in {d} dimensions, {chart.labels}, {chart.activation}", fontsize=11)


def _column_edges(depths: Sequence[int]) -> Floats:
    """Borders between the columns of neighbouring depths, in the middle of a logarithmic scale."""
    depth = np.array(depths, dtype=float)
    middles = np.sqrt(depth[1:] * depth[:-1])
    return np.array([depth[0] / np.sqrt(2), *middles, depth[-1] * 1.1])


def _widths(frontier: Frontier, missing: float, *, above: bool = False) -> Floats:
    """Borders between widths: half a unit below the least, or above the largest."""
    shift = 0.5 if above else -0.5
    return np.array([missing if e is None else e.width + shift for e in frontier])


def _name_regions(axes: Axes, chart: Map) -> None:
    """A title in each region that has room for one beside the names of its borders."""
    raster = _raster(axes, chart)
    corner, end = axes.transAxes.transform([(0, 0), (1, 1)])
    cell = (end - corner) / _ROWS
    for name in axes.texts:
        box = name.get_window_extent()
        (left, low), (right, high) = (box.min - corner) / cell, (box.max - corner) / cell
        raster[max(int(low), 0) : int(high) + 1, max(int(left), 0) : int(right) + 1] = -1
    untitled = [
        Patch(color=_COLORS[region], label=title.replace("\n", " "))
        for region, title in enumerate(_TITLES)
        if (raster == region).any() and not _titled(axes, raster == region, region, cell)
    ]
    if untitled:
        axes.legend(handles=untitled, loc="upper right", fontsize=8, framealpha=1)


def _titled(axes: Axes, inside: Array, region: int, cell: Floats) -> bool:
    """Write the title of a region, upright or turned, as large as there is room for it, if any."""
    title = _TITLES[region]
    lines = title.split("\n")
    for size in _SIZES:
        em = size * _DOTS / 72
        across = np.array([0.66 * max(map(len, lines)) + 1, 1.3 * len(lines) + 0.6]) * em
        for extent, angle in ((across, 0), (across[::-1], 90)):
            place = _room(inside, np.ceil(extent / cell).astype(int))
            if place is not None:
                _write(axes, place, title, size, angle, dark=region in (_MOST, _CERTAIN))
                return True
    return False


def _room(inside: Array, box: Array) -> tuple[float, float] | None:
    """The middle of a box that lies inside, amid all such boxes; as shares of the axes."""
    columns, rows = box
    if max(columns, rows) >= _ROWS:
        return None
    total = np.pad(inside.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    held = (
        total[rows:, columns:]
        - total[:-rows, columns:]
        - total[rows:, :-columns]
        + total[:-rows, :-columns]
    )
    y, x = np.nonzero(held == rows * columns)
    if not x.size:
        return None
    best = ((x - x.mean()) ** 2 + (y - y.mean()) ** 2).argmin()
    return (x[best] + columns / 2) / _ROWS, (y[best] + rows / 2) / _ROWS


def _write(
    axes: Axes, place: tuple[float, float], title: str, size: float, angle: int, *, dark: bool
) -> None:
    axes.text(
        *place,
        title,
        transform=axes.transAxes,
        ha="center",
        va="center",
        rotation=angle,
        fontsize=size,
        fontweight="bold",
        color="white" if dark else "#222222",
        zorder=4,
    )


def _raster(axes: Axes, chart: Map) -> Array:
    """The regions on a grid of equal steps of both logarithms, shape (rows, columns)."""
    low, high = (np.log(limit) for limit in axes.get_ylim())
    width = np.exp(low + (np.arange(_ROWS) + 0.5) / _ROWS * (high - low))[:, None]
    left, right = (np.log(limit) for limit in axes.get_xlim())
    depth = np.exp(left + (np.arange(_ROWS) + 0.5) / _ROWS * (right - left))
    column = np.clip(
        np.searchsorted(_column_edges(chart.depths), depth) - 1, 0, len(chart.depths) - 1
    )
    top = 2.0 * chart.most_width
    certain, conditional = (_widths(f, top)[column] for f in (chart.certain, chart.conditional))
    some, most = (_widths(f, 0.5, above=True)[column] for f in (chart.some, chart.most))
    raster = np.full((_ROWS, _ROWS), _OPEN)
    raster[width < some] = _SOME
    raster[(width >= conditional) & (width >= some)] = _CONDITIONAL
    raster[(width >= conditional) & (width < some)] = _SPLIT
    raster[(width >= certain) & (width > 0)] = _CERTAIN
    raster[width < most] = _MOST
    return raster


def _name_edges(axes: Axes, chart: Map) -> None:
    """The name of the theorem that decides a border, along it and where there is room for it."""
    some = tuple(e if e != m else None for e, m in zip(chart.some, chart.most, strict=True))
    certain, conditional = (_widths(f, np.inf) for f in (chart.certain, chart.conditional))
    roof = np.where(conditional > _widths(some, 0.5, above=True), conditional, certain)
    roof = np.minimum(roof, certain)
    for frontier, shift, above in (
        (chart.certain, -0.5, True),
        (chart.conditional, -0.5, True),
        (some, 0.5, True),
        (chart.most, 0.5, False),
    ):
        for key, start, stop in _runs(frontier):
            middle = (start + stop - 1) // 2
            near = slice(max(start, middle - 3), min(stop, middle + 4))
            widths = [e.width + shift for e in frontier[near] if e is not None]
            crowded = frontier is some and roof[middle] < 1.6 * widths[middle - near.start]
            edges = _column_edges(chart.depths)[near.start : near.stop + 1]
            corners = np.column_stack([np.repeat(edges, 2)[1:-1], np.repeat(widths, 2)])
            if axes.get_ylim()[0] < corners[:, 1].max() < axes.get_ylim()[1]:
                side = 1 if above and not crowded else -1
                _name_edge(axes, key, axes.transData.transform(corners), side)


def _runs(frontier: Frontier) -> Iterator[tuple[str, int, int]]:
    """Columns from start to stop that one theorem decides, with its key."""
    start = 0
    for k in range(1, len(frontier) + 1):
        before, edge = frontier[start], frontier[k] if k < len(frontier) else None
        if before is None or edge is None or edge.key != before.key:
            if before is not None:
                yield before.key, start, k
            start = k


def _name_edge(axes: Axes, key: str, corners: Floats, side: int) -> None:
    """Write a name beside a staircase, on the side above (1) or below (-1), in its direction."""
    chord = corners[-1] - corners[0]
    length = float(np.hypot(*chord))
    flat = length < _LETTER * len(key) / 3  # too short to have a direction
    along = np.array([1.0, 0.0]) if flat else chord / length
    across = np.array([-along[1], along[0]]) * side
    middle = (corners[0] + corners[-1]) / 2
    place = middle + across * (float(((corners - middle) @ across).max()) + 5)
    left, right = axes.transAxes.transform([(0, 0), (1, 1)])[:, 0]
    half = _LETTER * len(key) / 2 * along[0]
    place[0] = np.clip(place[0], left + half + 4, right - half - 4)
    axes.annotate(
        key,
        tuple(axes.transData.inverted().transform(place)),
        ha="center",
        va="bottom" if side > 0 else "top",
        rotation=float(np.degrees(np.arctan2(along[1], along[0]))),
        rotation_mode="anchor",
        fontsize=8,
        color="#111111",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
        zorder=6,
        gid=key,
    )


_LETTER = 6.5
"""Width of a letter of a theorem's name, in pixels of the screen."""
