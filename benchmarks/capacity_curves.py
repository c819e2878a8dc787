"""How many labels per parameter three methods learn, against what the rank allows.

python benchmarks/capacity_curves.py --docs docs
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import rote
from common import report
from rote.plots.capacity import draw_curves

CASES: dict[str, dict[str, Any]] = {
    "real labels, tanh": {},
    "real labels, ReLU": {"activation": "relu"},
    "two classes, tanh": {"classes": 2},
}
COLUMNS = {
    "case": "case",
    "parameters": "P",
    "rank": "rank",
    "levenberg-marquardt": "Levenberg-Marquardt",
    "lbfgs": "L-BFGS",
    "adam": "Adam",
}


def main() -> None:
    """Measure and draw all cases."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the figure")
    parser.add_argument("--inputs", type=int, default=8)
    parser.add_argument("--units", type=int, default=12)
    parser.add_argument("--trials", type=int, default=4)
    options = parser.parse_args()
    curves = {
        name: rote.capacity_curve(options.inputs, options.units, trials=options.trials, **more)
        for name, more in CASES.items()
    }
    rows = [
        {
            "case": name,
            "parameters": curve.parameters,
            "rank": curve.rank,
            **{method: curve.reached(method) for method in curve.success},
        }
        for name, curve in curves.items()
    ]
    report("capacity_curves", COLUMNS, rows)
    if options.docs is not None:
        draw_curves(curves, options.docs / "figures" / "capacity-curve.svg")


if __name__ == "__main__":
    main()
