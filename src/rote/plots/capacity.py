"""Success against load: one panel for each curve, one line for each method."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from rote.capacity.curve import CapacityCurve
from rote.errors import OptionError
from rote.network.serial import write_whole

__all__ = ["draw_curves"]

_STYLES = {
    "levenberg-marquardt": ("Levenberg-Marquardt", "o"),
    "lbfgs": ("L-BFGS", "s"),
    "adam": ("Adam", "^"),
}


def draw_curves(curves: Mapping[str, CapacityCurve], path: Path) -> None:
    """Draw curves side by side into one file.

    Args:
        curves: Curves by the titles of their panels.
        path: Where to; its suffix chooses the format, PNG or SVG.

    Raises:
        OptionError: Another suffix.
        OSError: The file cannot be written.
    """
    if path.suffix not in {".png", ".svg"}:
        raise OptionError(f"{path}: a figure ends in .png or .svg.")
    figure = Figure(figsize=(4.2 * len(curves), 3.2), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (title, curve) in zip(panels, curves.items(), strict=True):
        for method, share in curve.success.items():
            name, marker = _STYLES[method]
            axes.plot(curve.loads, share, marker=marker, ms=4, lw=1.5, label=name)
        limit = curve.rank / curve.parameters
        if curve.loads[0] < limit < 1.3 * curve.loads[-1] and curve.loads[-1] < 1.5:
            axes.axvline(limit, color="0.6", lw=1)
            axes.annotate(
                "rank", (limit, 0.3), (3, 0), textcoords="offset points", fontsize=8, color="0.4"
            )
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("labels per parameter, $n/P$")
        axes.set_ylim(-0.03, 1.03)
    panels[0].set_ylabel("share of data sets fitted")
    panels[0].legend(fontsize=8, frameon=False, loc="lower left")
    content = io.BytesIO()
    figure.savefig(content, dpi=130, format=path.suffix[1:])
    write_whole(path, content.getvalue())
