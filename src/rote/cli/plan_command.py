"""``rote plan``: what every construction promises for data of a size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter
from rich.table import Table

from rote.api.plan import Plan, plan, plan_data
from rote.atlas.plan import Least, Row
from rote.cli.options import Json, Label, TaskName, read_data
from rote.cli.output import number, out, print_json
from rote.cli.progress import progress_bar
from rote.errors import OptionError

__all__ = ["plan_command"]

Quantity: TypeAlias = Literal["neurons", "parameters", "depth", "width", "bits"]


def plan_command(
    data: Path | None = None,
    /,
    *,
    n: Annotated[int | None, Parameter(name="--n")] = None,
    d: Annotated[int | None, Parameter(name="--d")] = None,
    classes: str = "2",
    outputs: int = 1,
    separation: float | None = None,
    bits: int | None = None,
    sort: Quantity = "parameters",
    budget: Annotated[list[str] | None, Parameter(name="--budget", negative="")] = None,
    label: Label = None,
    task: TaskName = "auto",
    json: Json = False,
) -> int:
    """List what every construction promises for DATA, or for data of a size.

    Args:
        data: A csv, parquet, arrow, npy or npz file; hypotheses are checked on it.
        n: Number of points, without a file.
        d: Number of features, without a file.
        classes: Number of classes, or real, without a file.
        outputs: Real labels of each point, without a file.
        separation: Least distance between points of the unit ball, without a file.
        bits: Bits of each parameter, for what no network can do.
        sort: Quantity by which the list is sorted.
        budget: A limit as QUANTITY=NUMBER; may be repeated. Only what fits is listed.
        label: Label column of DATA, by name or number; by default the last.
        task: Kind of labels of DATA.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    limits = dict(_limit(text) for text in budget or [])
    if data is not None:
        if n is not None or d is not None:
            raise OptionError("Give either a data file or the sizes --n and --d, not both.")
        with progress_bar() as progress:
            given = read_data(data, label, task)
            found = plan_data(given, bits=bits, sort=sort, budget=limits, progress=progress)
    elif n is None or d is None:
        raise OptionError("Give a data file, or the sizes --n and --d.")
    else:
        kinds = _classes(classes)
        found = plan(n, d, kinds, separation, outputs=outputs, bits=bits, sort=sort, budget=limits)
    if json:
        print_json(found.to_json())
    else:
        _print(found)
    return 0


def _limit(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not value.isdecimal():
        raise OptionError(f"A budget is written parameters=20000, not {text!r}.")
    return name, int(value)


def _classes(text: str) -> int | None:
    if text == "real":
        return None
    if not text.isdecimal():
        raise OptionError(f"--classes takes a number of classes or 'real', not {text!r}.")
    return int(text)


def _print(found: Plan) -> None:
    problem = found.problem
    labels = "real labels" if problem.classes is None else f"{problem.classes} classes"
    known = "" if problem.separation is None else f", separation {problem.separation:.3g}"
    out.print(f"{number(problem.n)} points, {number(problem.d)} features, {labels}{known}")
    if problem.classes is not None:
        limit = number(round(found.information_bits))
        out.print(f"information limit: {limit} bits for labels without any pattern")
    applying = [row for row in found.rows if row.refused is None]
    listed = [row for row in applying if any(getattr(row, q) is not None for q in _PROMISED)]
    if listed:
        _print_rows(listed, budget=bool(found.budget))
        _print_notes(found, listed)
    elif found.budget:
        out.print("no construction promises a network within the budget")
    silent = ", ".join(row.construction for row in applying if row not in listed)
    if silent:
        out.print(f"no size is promised before the data are seen: {silent}")
    for row in found.rows:
        if row.refused is not None:
            out.print(f"does not apply: {row.construction}, {row.refused}")


_PROMISED = ("neurons", "parameters", "width")


def _print_notes(found: Plan, listed: list[Row]) -> None:
    """What the columns mean, and the hypotheses by their numbers."""
    leasts = (least for row in listed for least in (row.least_parameters, row.least_width))
    keys = ", ".join(dict.fromkeys(least.bound for least in leasts if least is not None))
    out.print("\nbits: of each parameter, on average, to tell all labels apart")
    if keys:
        out.print(
            "at least: what every network of that depth and activation must have for points as "
            f"needed, by {keys}"
        )
    for mark, hypothesis in enumerate(_needs(listed), 1):
        verdict = found.checked.get(hypothesis)
        out.print(f"needs {mark}: {hypothesis}" + (f" ({verdict})" if verdict else ""))


def _needs(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(h for row in rows for h in row.hypotheses))


def _print_rows(rows: list[Row], *, budget: bool) -> None:
    needs = _needs(rows)
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("construction", no_wrap=True)
    table.add_column("units", no_wrap=True)
    for heading in ("parameters", "at least", "width", "at least", "neurons", "depth", "bits"):
        table.add_column(heading, justify="right", no_wrap=True)
    if budget:
        table.add_column("up to n", justify="right", no_wrap=True)
    table.add_column("needs")
    for row in rows:
        cells = [
            row.construction,
            row.activation,
            number(row.parameters),
            _least(row.least_parameters),
            number(row.width),
            _least(row.least_width),
            number(row.neurons),
            number(row.depth),
            number(row.bits),
        ]
        if budget:
            cells.append(number(row.most_points))
        marks = ", ".join(str(needs.index(h) + 1) for h in row.hypotheses)
        table.add_row(*cells, marks or "-")
    out.print(table)


def _least(least: Least | None) -> str:
    return "-" if least is None else number(least.value)
