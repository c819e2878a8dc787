"""The path of a network along its projection: the sorted points, the pieces, the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rote.data import DataSet
from rote.errors import OptionError
from rote.network import Affine, Nearest, Network
from rote.typing import Array, Floats

__all__ = ["draw_paths", "output_along", "projection"]

_ZOOM = 30
"""Neighbouring points in the detail. Ours."""
_FINE = 40
"""Samples between two neighbouring points of the detail, so that every kink shows. Ours."""


def projection(network: Network, points: Array) -> Floats:
    """The number that the first layer makes of each point, before any bias.

    Args:
        network: A network whose first layer stores a single row u.
        points: Shape (n, d).

    Returns:
        u . x, shape (n,).

    Raises:
        OptionError: If the first layer has several rows: there is no line to draw along.
    """
    first = _first(network)
    return np.asarray(points.astype(np.float64) @ first.weight[0].astype(np.float64))


def output_along(network: Network, c: Floats) -> Array:
    """Raw outputs of the network where its projection is c.

    Args:
        network: As in :func:`projection`.
        c: Shape (m,).

    Returns:
        Shape (m, k).

    Raises:
        OptionError: As in :func:`projection`.
    """
    first = _first(network)
    line = replace(
        network,
        layers=(replace(first, weight=np.ones_like(first.weight[:, :1])), *network.layers[1:]),
    )
    return line.raw(c[:, None])


def draw_paths(networks: Mapping[str, tuple[Network, DataSet]], path: Path) -> None:
    """Draw each network's whole path, and a detail of it, into one PNG or SVG file.

    Args:
        networks: Title, network and data of each row of the figure; class labels.
        path: Where to; its suffix chooses the format.

    Raises:
        OptionError: As in :func:`projection`.
    """
    figure = Figure(figsize=(13, 3.6 * len(networks)), layout="constrained")
    axes = figure.subplots(len(networks), 2, squeeze=False, width_ratios=(1, 1.35))
    for (title, (network, data)), (whole, detail) in zip(networks.items(), axes, strict=True):
        c = projection(network, data.points)
        order = np.argsort(c)
        _draw(whole, network, data, order, c)
        middle = len(order) // 2
        near = order[max(0, middle - _ZOOM // 2) : middle + _ZOOM // 2]
        _draw(detail, network, data, near, c)
        whole.set_title(f"{title}: all {data.n} points", fontsize=10, loc="left")
        detail.set_title(f"{len(near)} neighbours in the middle", fontsize=10, loc="left")
    figure.savefig(path, dpi=130)


def _first(network: Network) -> Affine:
    first = network.layers[0]
    if not isinstance(first, Affine) or first.weight.shape[0] != 1 or network.dtype == "exact":
        raise OptionError("Only a float network that begins with one projection has such a path.")
    return first


def _draw(axes: Axes, network: Network, data: DataSet, order: Array, c: Floats) -> None:
    """The network's output over the projection, with the given points on it."""
    at = c[order]
    fine = len(order) <= _ZOOM
    steps = np.linspace(0, 1, _FINE if fine else 2, endpoint=False)
    line = np.append((at[:-1, None] + np.diff(at)[:, None] * steps).ravel(), at[-1])
    axes.plot(
        line, output_along(network, line)[:, 0], lw=1.1 if fine else 0.3, color="0.45", zorder=1
    )
    target = data.target[order] if data.codes is not None else None
    axes.scatter(
        at,
        output_along(network, at)[:, 0],
        c=target,
        cmap="tab10",
        vmin=-0.5,
        vmax=9.5,
        s=34 if fine else 4,
        linewidths=0,
        zorder=2,
    )
    if isinstance(network.decision, Nearest):
        count = len(network.decision.labels)
        for edge in np.arange(count - 1) + 0.5:
            axes.axhline(edge, color="0.9", lw=0.6, zorder=0)
        axes.set_yticks(range(count), [str(label) for label in network.decision.labels])
        axes.set_ylim(-1.2, count + 0.2)
    axes.set_ylabel("label decided by the output")
    axes.set_xlabel("projection u·x of the point")
    axes.margins(x=0.02)
