"""``rote list``: the catalogue."""

from __future__ import annotations

from dataclasses import asdict

from rich.table import Table

from rote.cli.options import Json
from rote.cli.output import origin, out, print_json
from rote.constructions import CATALOGUE
from rote.constructions.options import describe_options

__all__ = ["list_command"]


def list_command(*, json: Json = False) -> int:
    """List the constructions: what each promises, for which labels, with which options.

    Args:
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    if json:
        print_json(
            {
                "constructions": [
                    {**asdict(c.theorem), "options": describe_options(c)}
                    for c in CATALOGUE.values()
                ]
            }
        )
        return 0
    for key, construction in CATALOGUE.items():
        theorem = construction.theorem
        out.print(f"[bold]{key}[/bold]  {theorem.title} ({origin(theorem)})")
        table = Table.grid(padding=(0, 2))
        table.add_row("", "promise", theorem.statement)
        table.add_row("", "labels", ", ".join(theorem.tasks))
        if theorem.hypotheses:
            table.add_row("", "needs", "; ".join(theorem.hypotheses))
        table.add_row("", "arithmetic", ", ".join(theorem.dtypes))
        if theorem.most_points is not None:
            table.add_row("", "auto", f"up to {theorem.most_points} points")
        for name, text in describe_options(construction).items():
            table.add_row("", f"--set {name}=", text)
        out.print(table)
    return 0
