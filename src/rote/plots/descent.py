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

_DASH = (2.0, 8.0)
"""Lengths of a dash and of the gap behind it, in which the curves of four others show."""


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
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    risk, error, distance = figure.subplots(1, 3)
    _draw_risk(risk, run)
    _draw_error(error, run)
    _draw_distance(distance, run)
    figure.suptitle(title, fontsize=10)
    content = io.BytesIO()
    figure.savefig(content, dpi=130, format=path.suffix[1:])
    write_whole(path, content.getvalue())


def _draw_risk(axes: Axes, run: Descent) -> None:
    """All starts in turn along one curve, if they agree, over the prediction in grey."""
    epochs = np.arange(run.risk.shape[1])
    axes.plot(epochs, run.predicted, color="0.85", lw=9, label="predicted", solid_capstyle="butt")
    for k, (rho, risk) in enumerate(zip(run.radius, run.risk, strict=True)):
        style = (k * _DASH[0], _DASH)
        axes.plot(epochs, risk / rho**2, lw=2.2, ls=style, color=f"C{k}")
    axes.set_yscale("log")
    axes.set_xlabel("epochs")
    axes.set_ylabel(r"$R(\theta) / \rho^2$")
    axes.set_title("Risk: the same curve from every distance", fontsize=10)
    note = f"slowest error, per epoch:\n$\\times\\,(1 - {_power(1 - run.contraction)})$"
    axes.text(0.05, 0.05, note, transform=axes.transAxes, fontsize=8, va="bottom")
    axes.legend(fontsize=8, frameon=False)


def _draw_error(axes: Axes, run: Descent) -> None:
    """How far the risks are from the prediction."""
    epochs = np.arange(run.risk.shape[1])
    for k, (rho, risk) in enumerate(zip(run.radius, run.risk, strict=True)):
        off = np.abs(risk / rho**2 / run.predicted - 1)
        axes.plot(epochs, off, lw=1.5, color=f"C{k}", label=rf"$\rho = {_power(rho)}$")
    axes.set_yscale("log")
    axes.set_xlabel("epochs")
    axes.set_title("Relative distance of the risk from the prediction", fontsize=10)
    axes.legend(fontsize=8, frameon=False)


def _draw_distance(axes: Axes, run: Descent) -> None:
    """The whole distance, and its part in the span of the gradients."""
    epochs = np.arange(run.risk.shape[1])
    curves = zip(run.radius, run.distance, run.parallel, strict=True)
    for k, (rho, distance, parallel) in enumerate(curves):
        style = (k * _DASH[0], _DASH)
        axes.plot(epochs, distance / rho, lw=2.2, ls=style, color=f"C{k}")
        axes.plot(epochs, parallel / rho, lw=2.2, ls=style, color=f"C{k}")
    axes.axhline(2, color="0.6", lw=1)
    for height, what in (
        (2, "the theorem's bound"),
        (float(run.distance[-1, -1] / run.radius[-1]), r"all of it, $|\xi|$"),
        (
            float(run.parallel[-1, -1] / run.radius[-1]),
            r"in the span of the gradients, $|\xi_\parallel|$",
        ),
    ):
        axes.annotate(
            what, (epochs[-1], height), (0, 5), textcoords="offset points", ha="right", fontsize=8
        )
    axes.set_xlabel("epochs")
    axes.set_ylim(0, 2.2)
    axes.set_title(r"Distance from the memorizer, over $\rho$", fontsize=10)


def _power(rho: float) -> str:
    """A distance in powers of ten, as mathematics."""
    exponent = int(np.floor(np.log10(rho) + 1e-9))
    factor = f"{rho / 10.0**exponent:.2g}"
    return f"10^{{{exponent}}}" if factor == "1" else rf"{factor} \cdot 10^{{{exponent}}}"
