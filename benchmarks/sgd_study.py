"""SGD from near memorizers: the risk epoch by epoch, from distances over four decades.

python benchmarks/sgd_study.py --docs docs
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from common import report
from rote.constructions import make
from rote.data import DataSet
from rote.optimize.near_memorizer import descend
from rote.plots.descent import draw_descent

COLUMNS = {
    "network": "network",
    "radius": "largest rho",
    "start": "R / rho^2",
    "one": "after 1 epoch",
    "ten": "after 10",
    "last": "after 100",
    "spread": "spread of four curves",
    "first_order": "off the first order",
    "distance": "|xi| / rho",
    "shrinks": "slowest shrinks by",
}
FORMS = {
    "three-layer, hard-tanh": make("yun2019-three-layer"),
    "three-layer, relu": make("yun2019-three-layer", activation="relu"),
    "three-layer, relu composed": make("yun2019-three-layer", activation="relu", composition=True),
    "deep, hard-tanh": make("yun2019-deep"),
    "deep, relu": make("yun2019-deep", activation="relu"),
}
DRAWN = "deep, relu"


def main() -> None:
    """Run SGD from near each network, and draw one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the figure")
    parser.add_argument("--points", type=int, default=40)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((options.points, 5)), rng.standard_normal(options.points)
    data = DataSet.from_arrays(X, y, task="real")
    rows = []
    for name, construction in FORMS.items():
        run = descend(construction.build(data), data)
        curves = run.risk / np.square(run.radius)[:, None]
        inner = curves[1:]  # the largest distance is where the first order ends
        rows.append(
            {
                "network": name,
                "radius": float(run.radius[0]),
                "start": float(curves[2, 0]),
                "one": float(curves[2, 1]),
                "ten": float(curves[2, 10]),
                "last": float(curves[2, -1]),
                "spread": float((inner.max(axis=0) / inner.min(axis=0)).max()),
                "first_order": float(np.abs(inner[1] / run.predicted - 1).max()),
                "distance": float((run.distance[1:] / run.radius[1:, None]).max()),
                "shrinks": 1 - run.contraction,
            }
        )
        if options.docs is not None and name == DRAWN:
            folder = options.docs / "figures"
            draw_descent(run, folder / "sgd-near-a-memorizer.svg")
    report("sgd_study", COLUMNS, rows)


if __name__ == "__main__":
    main()
