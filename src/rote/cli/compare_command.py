"""``rote compare``: all constructions on one data set, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from rote.api.compare import Compared, compare_data
from rote.cli.options import Json, Label, TaskName, read_data
from rote.cli.output import describe_data, number, out, print_json
from rote.cli.progress import progress_bar
from rote.data import DataSet
from rote.typing import DType

__all__ = ["compare_command"]


def compare_command(
    data: Path,
    /,
    *,
    label: Label = None,
    task: TaskName = "auto",
    constructions: Annotated[
        list[str] | None, Parameter(negative="", consume_multiple=True)
    ] = None,
    dtype: DType | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    plot: Path | None = None,
    json: Json = False,
) -> int:
    """Build and certify a network of DATA by every construction, and compare their sizes.

    Args:
        data: A csv, parquet, arrow, npy or npz file.
        label: Label column, by name or number; by default the last. Several columns: a,b,c.
        task: Kind of labels; by default, fractions and several columns of numbers are real targets.
        constructions: Keys from `rote list`; by default all, slow ones for few points only.
        dtype: Arithmetic of the networks; by default float32 where that can be certified.
        seed: Seed of all randomness.
        time_limit: Seconds after which a construction is given up.
        plot: Draw neurons against parameters and depth against width into this PNG or SVG file.
        json: Print one JSON object.

    Returns:
        The exit code: 1 if no network was certified.
    """
    if plot is not None:
        from rote.plots.comparison import check_suffix, draw_comparison

        check_suffix(plot)
    given = read_data(data, label, task)
    rows: list[Compared] = []
    try:
        with progress_bar() as progress:
            for row in compare_data(
                given,
                constructions=constructions,
                dtype=dtype,
                seed=seed,
                time_limit=time_limit,
                progress=progress,
            ):
                rows.append(row)
                progress("constructions", len(rows), len(rows) + 1)
    except KeyboardInterrupt:
        if not json:
            _print(given, rows)
        raise
    if plot is not None:
        draw_comparison(rows, plot, title=_title(given))
    if json:
        print_json({"n": given.n, "d": given.d, "compared": [row.to_json() for row in rows]})
    else:
        _print(given, rows)
        if plot is not None:
            out.print(f"{plot}: neurons against parameters, depth against width")
    return 0 if any(row.refused is None for row in rows) else 1


def _title(data: DataSet) -> str:
    return describe_data(data)


def _print(data: DataSet, rows: list[Compared]) -> None:
    out.print(describe_data(data))
    if 0 < data.information_bits < float("inf"):
        out.print(f"information limit: {data.information_bits / 8:.4g} bytes")
    built = [row for row in rows if row.refused is None]
    if built:
        _print_table(sorted(built, key=_parameters))
        out.print("promised sizes in brackets; bits: of label information for each parameter")
    for row in rows:
        if row.refused is not None:
            out.print(f"{row.construction}: {row.refused}")


def _parameters(row: Compared) -> int:
    return (row.size.parameters or 0) if row.size else 0


def _print_table(rows: list[Compared]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("construction", no_wrap=True)
    for heading in (
        "neurons",
        "parameters",
        "depth",
        "dtype",
        "margin",
        "weight",
        "bits",
        "bytes",
        "limits",
        "s",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        size, promised = row.size, row.promised
        if size is None or promised is None:
            continue
        table.add_row(
            row.construction,
            _pair(size.neurons, promised.neurons),
            _pair(size.parameters, promised.parameters),
            number(size.depth),
            f"{row.dtype}{'' if row.claim == 'portable' else '*'}",
            _short(row.margin),
            _short(size.largest_weight),
            _short(row.bits_per_parameter),
            number(size.stored_bytes),
            _short(row.bytes_over_limit),
            _short(row.seconds),
        )
    out.print(table)
    if any(row.claim != "portable" for row in rows):
        out.print("* certified for exact evaluation only")


def _pair(measured: int | None, promised: int | None) -> str:
    return number(measured) + ("" if promised is None else f" ({number(promised)})")


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
