"""Constructions on one data set: neurons against parameters, depth against width."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from rote.errors import OptionError
from rote.network import Size
from rote.network.serial import write_whole

__all__ = ["check_suffix", "draw_comparison"]

_MEASURED, _PROMISED = "#1f6fb4", "#c2410c"


class _Row(Protocol):
    @property
    def construction(self) -> str: ...
    @property
    def promised(self) -> Size | None: ...
    @property
    def size(self) -> Size | None: ...


def check_suffix(path: Path) -> None:
    """Raise :class:`OptionError` unless a figure could be written there."""
    if path.suffix not in {".png", ".svg"}:
        raise OptionError(f"{path}: a figure ends in .png or .svg.")


def draw_comparison(rows: Sequence[_Row], path: Path, *, title: str = "") -> None:
    """Draw all networks that were built, each by its name; promised sizes hollow.

    Args:
        rows: What became of each construction.
        path: Where to; its suffix chooses the format, PNG or SVG.
        title: Above the figure.

    Raises:
        OptionError: Another suffix.
        OSError: The file cannot be written.
    """
    check_suffix(path)
    figure = Figure(figsize=(13, 5.8))
    figure.subplots_adjust(0.065, 0.1, 0.985, 0.9, wspace=0.16)
    left, right = figure.subplots(1, 2)
    built = [row for row in rows if row.size is not None]
    for axes, names in ((left, ("parameters", "neurons")), (right, ("width", "depth"))):
        axes.set(xscale="log", yscale="log", xlabel=names[0], ylabel=names[1])
        axes.grid(alpha=0.25, lw=0.5)
        axes.margins(0.14)
        for row in built:
            _draw_row(axes, row, names)
    left.set_ylabel("neurons")
    right.set(xlabel="width (units of the widest hidden layer)", ylabel="depth (hidden layers)")
    for axes, names in ((left, ("parameters", "neurons")), (right, ("width", "depth"))):
        _name(axes, built, names)
    dot = Line2D([], [], ls="", marker="o", ms=6, color=_MEASURED, label="measured")
    ring = Line2D([], [], ls="", marker="o", ms=9, mfc="none", mec=_PROMISED, label="promised")
    left.legend(handles=[dot, ring], loc="upper left", fontsize=9)
    figure.suptitle(title, fontsize=11)
    content = io.BytesIO()
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(content, dpi=130, format=path.suffix[1:], metadata=metadata)
    write_whole(path, content.getvalue())


def _place(size: Size | None, names: tuple[str, str]) -> tuple[float, float] | None:
    """A size as a point, if both quantities are known and positive."""
    if size is None:
        return None
    width = max(size.widths, default=0) if size.widths is not None else None
    known = {
        "parameters": size.parameters,
        "neurons": size.neurons,
        "depth": size.depth,
        "width": width,
    }
    x, y = (known[name] for name in names)
    return (x, y) if x and y else None


def _draw_row(axes: Axes, row: _Row, names: tuple[str, str]) -> None:
    """A dot for the measured size, a ring for the promised one, and a line between them."""
    measured, promised = _place(row.size, names), _place(row.promised, names)
    if measured is not None:
        axes.plot(*measured, "o", ms=6, color=_MEASURED, zorder=3)
    if promised is not None:
        axes.plot(*promised, "o", ms=9, mfc="none", mec=_PROMISED, zorder=2)
    if measured is not None and promised is not None:
        axes.plot(*zip(measured, promised, strict=True), color=_PROMISED, lw=0.8, zorder=1)


_SIDES = (
    (9, 0, "left", "center"),
    (-9, 0, "right", "center"),
    (0, 9, "center", "bottom"),
    (0, -9, "center", "top"),
    *(
        (dx, sign * dy, side, "center")
        for dy in range(14, 260, 9)
        for dx, side in ((14, "left"), (-14, "right"))
        for sign in (1, -1)
    ),
)
"""Where a name may stand beside its dot, in points, best first."""


_LEADER = {"arrowstyle": "-", "lw": 0.5, "color": "#888888", "shrinkA": 0, "shrinkB": 3}
"""From a name to its dot, where other names lie between."""


def _name(axes: Axes, rows: Sequence[_Row], names: tuple[str, str]) -> None:
    """Names beside the dots, each where it covers no dot and no other name, if there is room."""
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # as they are: names move nothing
    places = {row.construction: _place(row.size, names) for row in rows}
    dots = [axes.transData.transform(place) for place in places.values() if place is not None]
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in dots]
    inside = axes.get_window_extent()
    for key, place in places.items():
        if place is None:
            continue
        for dx, dy, ha, va in _SIDES:
            text = axes.annotate(
                key,
                place,
                (dx, dy),
                textcoords="offset points",
                ha=ha,
                va=va,
                fontsize=8,
                gid=key,
            )
            box = text.get_window_extent()
            within = inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1)
            if within and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                if abs(dy) > 9:
                    axes.annotate(
                        "", place, (dx, dy), textcoords="offset points", arrowprops=_LEADER
                    )
                break
            text.remove()
