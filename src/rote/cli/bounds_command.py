"""``rote bounds``: how many points a network memorizes, and by which theorem."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from rote.api.bounds import Capacity, bounds, capacity_maps
from rote.atlas.guarantee import Guarantee
from rote.atlas.labels import DEFAULT_LABELS
from rote.atlas.limits import Impossibility, Limits
from rote.cli.options import Json
from rote.cli.output import number, origin, out, print_json
from rote.cli.progress import progress_bar
from rote.errors import OptionError

__all__ = ["bounds_command"]


def bounds_command(
    network: str,
    /,
    *,
    activation: str = "relu",
    labels: Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=True)] = (
        DEFAULT_LABELS
    ),
    separation: float | None = None,
    failure: float = 0.01,
    bits: int | None = None,
    total_weight: float | None = None,
    plot: Path | None = None,
    n: Annotated[int | None, Parameter(name="--n")] = None,
    json: Json = False,
) -> int:
    """Say how many points NETWORK is sure to memorize, may memorize, can never memorize.

    Args:
        network: Widths such as 784-500-500-10 or 784-50x8-10, or an ONNX or safetensors file.
        activation: Of the hidden units, where widths are given: relu, tanh, threshold, power(3) ...
        labels: Kinds of labels: binary, ten, real, a number of classes, tokens-N.
        separation: Least distance between points of the unit ball.
        failure: Probability with which statements about random labels may fail.
        bits: Bits of each parameter; by default parameters are real numbers.
        total_weight: Largest total weight of a network with one hidden layer.
        plot: Draw width against depth, coloured by what is known, into this PNG or SVG file.
        n: Number of points of the plot.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    found = bounds(
        network,
        activation=activation,
        labels=labels,
        separation=separation,
        failure=failure,
        bits=bits,
        total_weight=total_weight,
    )
    if plot is not None:
        if n is None:
            raise OptionError("A plot is about a number of points: say --n 60000, for example.")
        from rote.plots.capacity_map import draw_map

        with progress_bar() as progress:
            maps = capacity_maps(
                network,
                n,
                activation=activation,
                labels=labels,
                separation=separation,
                failure=failure,
                bits=bits,
                progress=progress,
            )
        draw_map(maps, plot, mark=_equal(found))
    if json:
        print_json(found.to_json())
    else:
        _print(found)
        if plot is not None:
            out.print(f"\n{plot}: width against depth for {number(n)} points")
    return 0


def _equal(found: Capacity) -> tuple[int, int] | None:
    """Depth and width of a network whose hidden layers are alike."""
    hidden = (found.widths or ())[1:-1]
    return (len(hidden), hidden[0]) if len(set(hidden)) == 1 else None


def _print(found: Capacity) -> None:
    out.print(found.network)
    for row in found.limits:
        out.print(f"\n[bold]{row.labels}[/bold]")
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column()
        for cells in _lines(row):
            table.add_row(f"  {cells[0]}", *cells[1:])
        out.print(table)
    _explain(found)


def _lines(row: Limits) -> Iterator[tuple[str, str, str, str]]:
    """What is said, of how many points, by which theorem, under which hypotheses."""
    if row.certain is not None:
        yield "guaranteed", _to(row.certain), row.certain.key, "any distinct points"
    if row.conditional is not None:
        yield "guaranteed", _to(row.conditional), row.conditional.key, _needs(row.conditional)
    if row.open is None:
        yield "open", "nothing", "", "for any distinct points"
    else:
        low, high = row.open
        end = " on" if high is None else f" to {number(high)}"
        yield "open", f"{number(low)}{end}", "", "any distinct points"
    if row.first is not None:
        yield "impossible", _from(row.first), row.first.key, _for(row.first)
    if row.hopeless is not None and row.hopeless is not row.first:
        yield "impossible", _from(row.hopeless), row.hopeless.key, _for(row.hopeless)


def _to(entry: Guarantee) -> str:
    return f"to {number(entry.points)}"


def _from(entry: Impossibility) -> str:
    return f"from {number(entry.points)}"


def _needs(entry: Guarantee) -> str:
    return "; ".join(hypothesis.partition(":")[0] for hypothesis in entry.hypotheses)


def _for(entry: Impossibility) -> str:
    """Of which data an impossibility speaks."""
    if entry.whatever_points:
        return _MOST_LABELS[entry.kind]
    labels = "some labels of any points" if entry.scope == "every" else "some labels"
    return "; ".join((labels, *entry.hypotheses))


_MOST_LABELS = {
    "impossible-almost-all-real-labels": "almost all labels of any points",
    "impossible-random-labels": "random labels of any points",
}


def _explain(found: Capacity) -> None:
    """The statements behind the numbers, each once, with what they need."""
    entries: dict[str, Guarantee | Impossibility] = {}
    for row in found.limits:
        for entry in (row.certain, row.conditional, row.first, row.hopeless):
            if entry is not None:
                entries[entry.key] = entry
    for key, entry in entries.items():
        out.print(f"\n[bold]{key}[/bold]  {origin(entry)}")
        out.print(f"  {entry.statement}")
        if entry.hypotheses:
            out.print(f"  needs: {'; '.join(entry.hypotheses)}")
        if isinstance(entry, Impossibility):
            out.print(f"  constants: {entry.constants}")
