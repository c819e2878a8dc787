"""The tables and the figure of the documentation from the rows of ``width_depth.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rote.constructions._gadgets.shape import Demand, shallowest
from rote.constructions.yang2026 import key_bits

Row = dict[str, Any]

FIGURE_N = 10_000
"""The normal points of the figure."""


def write(rows: Sequence[Row], docs: Path) -> None:
    """Write ``figures/width-depth.svg`` and the tables beside it into a folder."""
    folder = docs / "figures"
    folder.mkdir(exist_ok=True)
    rows = [row for row in rows if "W" in row]
    shown = [row for row in rows if row["data"] == "normal" and row["n"] == FIGURE_N]
    _draw([row for row in shown if row["dtype"] == "exact" or row["key"] != "yang2026"], folder)
    built = [row for row in rows if row["key"] == "yang2026" and "S" in row]
    exact = [row for row in built if row["dtype"] == "exact"]
    exact.sort(key=lambda row: (row["n"], row["data"], row["S"]))
    floats = sorted(
        (row for row in built if row["dtype"] == "float32"),
        key=lambda row: (row["data"], row["S"]),
    )
    _table(exact, folder / "width-depth-exact.md")
    _table(floats, folder / "width-depth-float32.md")
    _others(shown, folder / "width-depth-others.md")
    _rate(rows, folder / "width-depth-rate.md")


def _table(rows: Sequence[Row], path: Path) -> None:
    heads = ["data", "n", "S", "T", "W", "L", "W² L² / (n log₂ R)", "weight bits", "not zero"]
    heads += ["build, s", "verify, s", "points verified"]
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for row in rows:
        verified = f"{row['points']}" if row.get("holds") else "failed"
        lines.append(
            f"| {row['data']} | {row['n']} | {row['S']} | {row['T']} | {row['W']} | {row['L']} "
            f"| {row['constant']:.0f} | {row['bits']} | {row['nonzero']} | {row['build_s']:.1f} "
            f"| {row['verify_s']:.0f} | {verified} |"
        )
    path.write_text("\n".join(lines) + "\n")


def _others(rows: Sequence[Row], path: Path) -> None:
    """Size and bits side by side: what is saved in one is paid in the other."""
    lines = [
        "| construction | W | L | parameters | not zero | weight bits | W² L² / (n log₂ R) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in sorted(rows, key=lambda row: row["W"]):
        which = f", S = {row['S']}" if "S" in row else f", {row['form']}" if "form" in row else ""
        if row["key"] == "yang2026" and "S" not in row:
            continue
        lines.append(
            f"| `{row['key']}`{which} | {row['W']} | {row['L']} "
            f"| {row['parameters']} | {row['nonzero']} | {row['bits']} | {row['constant']:.3g} |"
        )
    path.write_text("\n".join(lines) + "\n")


def _rate(rows: Sequence[Row], path: Path) -> None:
    """The constant of the rate for some widths, over the numbers of points."""
    chosen = [row for row in rows if row["key"] == "yang2026" and row.get("budget")]
    sizes = sorted({row["n"] for row in chosen})
    lines = [
        "| width at most | " + " | ".join(f"n = {n}" for n in sizes) + " |",
        "| --- |" + " --- |" * len(sizes),
    ]
    for width in sorted({row["budget"] for row in chosen}):
        found = {row["n"]: row for row in chosen if row["budget"] == width}
        cells = [f"{found[n]['constant']:.0f}" if n in found else "" for n in sizes]
        lines.append(f"| {width} | " + " | ".join(cells) + " |")
    path.write_text("\n".join(lines) + "\n")


_BLUE, _RED, _GREY = "#1f5fa8", "#b5432f", "#6f6f6f"
_NAMES = {
    "zhang2017": ((0, 10), "center"),
    "yun2019-three-layer": ((9, 0), "left"),
    "hernandez2024": ((9, 0), "left"),
    "vardi2022": ((24, 7), "left"),
    "park2021": ((0, 11), "center"),
}
"""Where the names of other constructions stand beside their first points."""


def _draw(rows: Sequence[Row], folder: Path) -> None:
    """Built networks and their theorem in the (W, L) plane, other constructions, lower bound."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "width-depth"
    own = sorted((r for r in rows if r["key"] == "yang2026" and "S" in r), key=lambda r: r["W"])
    if not own:
        return
    n, d, log_ratio = own[0]["n"], own[0]["d"], own[0]["log_R"]
    figure = Figure(figsize=(7.0, 6.6), layout="constrained")
    axes = figure.add_subplot()
    span = np.array([1.0, 3e4])
    slanted = {"rotation": -45, "rotation_mode": "anchor", "fontsize": 8.5}
    for power in range(2, 6):
        axes.plot(span, 10**power / span, "-", color="0.88", lw=0.8, zorder=0)
        axes.text(10**power / 8, 8.4, f"$W L = 10^{power}$", color="0.6", **slanted)
    _promised(axes, n, d, log_ratio)
    order = np.sqrt(n / log_ratio)
    axes.plot(span, order / span, "--", color=_GREY, lw=1.2)
    axes.fill_between(span, order / span, 0.1, color="0.95", zorder=0)
    axes.text(1.25, order / 1.25 * 1.08, "order of the lower bound", color=_GREY, **slanted)
    axes.plot([r["W"] for r in own], [r["L"] for r in own], "o", color=_BLUE, ms=6, zorder=3)
    for row in own:
        below = row["S"] == own[0]["S"]
        axes.annotate(
            f"S = {row['S']}", (row["W"], row["L"]), (9, -7 if below else 3),
            textcoords="offset points", color=_BLUE, fontsize=8.5,
        )  # fmt: skip
    axes.text(
        60, 260, "yang2026\ncircles: built and verified\nline: promised", color=_BLUE, fontsize=9.5
    )
    for key, (offset, align) in _NAMES.items():
        found = sorted((r for r in rows if r["key"] == key), key=lambda r: r["W"])
        if not found:
            continue
        axes.plot([r["W"] for r in found], [r["L"] for r in found], "s-", color=_RED, ms=5, lw=0.9)
        axes.annotate(
            key, (found[0]["W"], found[0]["L"]), offset, textcoords="offset points", ha=align,
            va="center", color=_RED, fontsize=9.5,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=span, ylim=(0.6, 2e4), aspect="equal")
    axes.set_xlabel("width W")
    axes.set_ylabel("depth L, hidden layers")
    axes.set_title(f"{n:,} normal points in {d} dimensions, 10 classes", fontsize=10.5)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "width-depth.svg", metadata={"Date": None})


def _promised(axes: Any, n: int, d: int, log_ratio: float) -> None:
    """The theorem's shape for each width, with the longest keys that the separation allows."""
    delta = 10 * n**2 * (np.pi * d) ** 0.5 / 2**log_ratio
    demand = Demand(n, 4, 1, lambda size: key_bits(n, d, delta, size), None)
    widths = np.unique(np.geomspace(9, 450, 90).astype(int)).tolist()
    shapes = [shape for width in widths if (shape := shallowest(demand, width)) is not None]
    axes.plot(
        [shape.width for shape in shapes], [shape.depth for shape in shapes], "-", color=_BLUE,
        lw=1.4, alpha=0.55,
    )  # fmt: skip
