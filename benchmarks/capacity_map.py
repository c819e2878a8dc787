"""The figure and the table of docs/map.md: the capacity map of 60000 images, and the bounds.

python benchmarks/capacity_map.py --docs docs
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rote.api.bounds import capacity_maps
from rote.bounds import BOUNDS
from rote.plots.capacity_map import draw_map

__all__ = ["bounds_table"]

_SCOPES = {"every": "any", "open": "an open set", "special": "special"}
_KINDS = {
    "guaranteed": "guaranteed",
    "impossible-some-data": "some labels",
    "impossible-almost-all-real-labels": "almost all labels",
    "impossible-random-labels": "random labels",
}


def bounds_table() -> str:
    """All bounds of the catalogue as a table in Markdown."""
    lines = [
        "| bound | says of | points | statement | source | constants |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for key, bound in BOUNDS.items():
        statement = bound.statement.replace("_", "\\_").replace("*", "\\*").replace("^", "\\^")
        source = f"{{cite:t}}`{bound.source}`, {bound.number}"
        points = "; ".join((_SCOPES[bound.scope], *bound.hypotheses))
        lines.append(
            f"| `{key}` | {_KINDS[bound.kind]} | {points} | {statement} | {source} | "
            f"{bound.constants} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Draw the map and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, required=True)
    figures = parser.parse_args().docs / "figures"
    images = capacity_maps((784, 500, 500, 10), 60_000, labels=("ten", "real"))
    draw_map(images, figures / "capacity-map.svg")
    apart = capacity_maps(
        (784, 500, 500, 10), 60_000, labels=("ten",), separation=0.01
    ) + capacity_maps((784, 500, 500, 10), 60_000, labels=("ten",), activation="threshold")
    draw_map(apart, figures / "capacity-map-more.svg")
    (figures / "bounds.md").write_text(bounds_table())


if __name__ == "__main__":
    main()
