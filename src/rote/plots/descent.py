"""SGD from near a memorizer: the risk over the squared distance of the start, epoch by epoch."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rote.errors import OptionError
from rote.network.serial import write_whole
from rote.optimize.near_memorizer import Descent

__all__ = ["draw_descent"]

_WIDTHS = (7.0, 5.5, 4.0, 2.5, 1.0)
"""Of the curves from the largest distance on, which mostly lie on one another."""


def draw_descent(run: Descent, path: Path, *, title: str = "") -> None:
    """Draw the risks of all starts, and what is predicted from the eigenvalues, into one file.

    Args:
        run: What SGD did.
        path: Where to; its suffix chooses the format, PNG or SVG.
        title: Above the figure.

    Raises:
        OptionError: Another suffix.
        OSError: The file cannot be written.
    """
    if path.suffix not in {".png", ".svg"}:
        raise OptionError(f"{path}: a figure ends in .png or .svg.")
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_risk(left, run)
    _draw_distance(right, run)
    figure.suptitle(title, fontsize=10)
    content = io.BytesIO()
    figure.savefig(content, dpi=130, format=path.suffix[1:])
    write_whole(path, content.getvalue())


def _draw_risk(axes: Axes, run: Descent) -> None:
    epochs = np.arange(run.risk.shape[1])
    for rho, risk, width in zip(run.radius, run.risk, _WIDTHS, strict=True):
        axes.plot(epochs, risk / rho**2, lw=width, label=rf"$\rho = {_power(rho)}$")
    axes.plot(epochs, run.predicted, "k:", lw=1, label="first order")
    axes.set_yscale("log")
    axes.set_xlabel("epochs")
    axes.set_ylabel(r"$R(\theta) / \rho^2$")
    axes.set_title(f"risk; slowest error shrinks by {1 - run.contraction:.1e} an epoch", fontsize=9)
    axes.legend(fontsize=8, frameon=False)


def _draw_distance(axes: Axes, run: Descent) -> None:
    epochs = np.arange(run.risk.shape[1])
    curves = zip(run.radius, run.distance, run.parallel, _WIDTHS, strict=True)
    for rho, distance, parallel, width in curves:
        (line,) = axes.plot(epochs, distance / rho, lw=width)
        axes.plot(epochs, parallel / rho, "--", lw=width, color=line.get_color())
    axes.set_xlabel("epochs")
    axes.set_ylim(0, 2)
    axes.set_ylabel(r"$|\xi| / \rho$ (solid), $|\xi_\parallel| / \rho$ (dashed)")
    axes.set_title("distance from the memorizer; the theorem allows 2", fontsize=9)


def _power(rho: float) -> str:
    """A distance in powers of ten, as mathematics."""
    exponent = int(np.floor(np.log10(rho) + 1e-9))
    factor = f"{rho / 10.0**exponent:.2g}"
    return f"10^{{{exponent}}}" if factor == "1" else rf"{factor} \cdot 10^{{{exponent}}}"
