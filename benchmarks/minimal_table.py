"""How small trained networks get: ``minimal`` against Adam and L-BFGS at the same size.

Every case fixes a width and a number of points. ``minimal`` is built and certified. Its rivals
train a network of the same size from the same kind of start: Adam on all points at once with the
best of several rates, and scikit-learn's L-BFGS on whitened points. What counts is whether every
label is right (real ones to a relative error of 1e-6). CPU seconds are for all rates or seeds that
were tried.

    python benchmarks/minimal_table.py --cases real-tanh signs --docs docs
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from common import RESULTS, report
from rote.certify import verify
from rote.constructions._gadgets.slopes import ACTIVATIONS, curve
from rote.constructions._gadgets.whitening import whitened
from rote.constructions._training.goals import Equal, Goal, Margins
from rote.constructions._training.gradient import adam
from rote.constructions._training.perceptron import random_perceptron
from rote.constructions.minimal import Minimal
from rote.data import DataSet
from rote.errors import PrecisionError
from rote.network import ArgMax, Sign

COLUMNS = {
    "case": "case",
    "n": "n",
    "d": "d",
    "units": "units",
    "parameters": "P",
    "load": "n / P",
    "free": "n / (P - units)",
    "bits": "label bits / P",
    "minimal": "minimal",
    "minimal_s": "CPU s",
    "adam": "Adam",
    "adam_s": "CPU s",
    "lbfgs": "L-BFGS",
    "lbfgs_s": "CPU s",
}
_RATES = (1e-3, 3e-3, 1e-2, 3e-2)
_ADAM_STEPS = 4000
_LBFGS_STEPS = 5000
_RELATIVE = 1e-6
_LARGEST = {"adam": 1e7, "lbfgs": 5e7}
"""A rival is left out where points times parameters exceed this."""


@dataclass(frozen=True)
class Case:
    """Points, labels, a width and an activation."""

    make: Callable[[np.random.Generator], tuple[Any, Any]]
    units: int
    activation: str = "tanh"
    steps: int = 300


def _normal(n: int, d: int, classes: int | None = None) -> Callable[..., tuple[Any, Any]]:
    def make(rng: np.random.Generator) -> tuple[Any, Any]:
        X = rng.standard_normal((n, d))
        return X, rng.standard_normal(n) if classes is None else rng.integers(0, classes, n)

    return make


def _digits(labels: str) -> Callable[..., tuple[Any, Any]]:
    def make(rng: np.random.Generator) -> tuple[Any, Any]:
        X, y = load_digits(return_X_y=True)
        return X, {"true": y, "shuffled": rng.permutation(y), "bits": rng.integers(0, 2, len(y))}[
            labels
        ]

    return make


CASES = {
    "real-tanh": Case(_normal(433, 20), 20),
    "real-tanh-1281": Case(_normal(1256, 30), 40),
    "real-tanh-5001": Case(_normal(4901, 48), 100),
    "real-relu": Case(_normal(413, 20), 20, "relu"),
    "real-relu-1281": Case(_normal(1217, 30), 40, "relu"),
    "signs": Case(_normal(1434, 20, 2), 20),
    "signs-4": Case(_normal(1764, 20, 2), 20),
    "ten-classes": Case(_normal(567, 20, 10), 20),
    "ten-classes-0.95": Case(_normal(599, 20, 10), 20),
    "bits-10k": Case(_normal(10_000, 32, 2), 66, steps=600),
    "digits-bits": Case(_digits("bits"), 12),
    "digits-shuffled": Case(_digits("shuffled"), 30, "relu"),
    "digits-true": Case(_digits("true"), 5, "relu"),
}


def arguments() -> argparse.Namespace:
    """The options of the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--docs", type=Path, help="folder of the documentation, for the table")
    return parser.parse_args()


def measure(name: str) -> dict[str, Any]:
    """One row of the table."""
    case = CASES[name]
    data = DataSet.from_arrays(*case.make(np.random.default_rng(0)))
    k = data.outputs if data.classes is None else 1 if data.classes == 2 else data.classes
    parameters = case.units * (data.d + 1) + k * (case.units + 1)
    row: dict[str, Any] = {
        "case": name,
        "n": data.n,
        "d": data.d,
        "units": case.units,
        "parameters": parameters,
        "load": round(data.n / parameters, 3),
        "free": round(data.n / (parameters - case.units), 3) if case.activation == "relu" else None,
        "bits": None if data.classes is None else round(data.information_bits / parameters, 2),
    }
    for key, job in {"minimal": _minimal, "adam": _adam, "lbfgs": _lbfgs}.items():
        if data.n * parameters > _LARGEST.get(key, np.inf):
            continue
        start = time.process_time()
        row[key] = job(case, data)
        row[f"{key}_s"] = round(time.process_time() - start, 1)
    return row


def _minimal(case: Case, data: DataSet) -> str:
    """Whether the network is certified."""
    construction = Minimal(
        activation=case.activation,  # type: ignore[arg-type]
        width=case.units,
        steps=case.steps,
    )
    try:
        network = construction.build(data, dtype="float64")
    except PrecisionError:
        return "fails"
    return "certified" if verify(network, data, claims=["exact"]).holds("exact") else "refused"


def _adam(case: Case, data: DataSet) -> str:
    _, points = whitened(data.floats())
    goal, k = _goal(data)
    psi = curve(ACTIVATIONS[case.activation])
    best = np.inf
    for rate in _RATES:
        start = random_perceptron(points.shape[1], case.units, k, 0.3, np.random.default_rng(0))
        found = adam(psi, start, points, goal, _ADAM_STEPS, rate)
        best = min(best, _left(goal, found.respond(points, psi).outputs))
    return _verdict(goal, best)


def _lbfgs(case: Case, data: DataSet) -> str:
    _, points = whitened(data.floats())
    goal, _ = _goal(data)
    best = np.inf
    kind = MLPRegressor if data.codes is None else MLPClassifier
    target = data.target[:, 0] if data.codes is None else data.codes
    for seed in range(2):
        model = kind(
            hidden_layer_sizes=(case.units,),
            activation=case.activation,
            solver="lbfgs",
            alpha=0,
            max_iter=_LBFGS_STEPS,
            max_fun=2 * _LBFGS_STEPS,
            tol=0,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(points, target)
        if isinstance(goal, Equal):
            left = _left(goal, model.predict(points)[:, None])
        else:
            left = float(np.sum(model.predict(points) != target))
        best = min(best, left)
    return _verdict(goal, best)


def _goal(data: DataSet) -> tuple[Goal, int]:
    if data.labels is None:
        return Equal(data.target, _RELATIVE), data.outputs
    assert data.codes is not None
    if len(data.labels) == 2:
        return Margins.of(Sign(data.labels), 1, data.codes, 1.0, 0.0), 1
    k = len(data.labels)
    return Margins.of(ArgMax(data.labels), k, data.codes, 1.0, 0.0), k


def _left(goal: Goal, outputs: Any) -> float:
    """The relative error, or the number of wrong points."""
    if isinstance(goal, Equal):
        return float(np.linalg.norm(outputs - goal.targets) / np.linalg.norm(goal.targets))
    return float(np.sum(goal.slack(outputs).min(axis=1) <= 0))


def _verdict(goal: Goal, left: float) -> str:
    if isinstance(goal, Equal):
        return "reached" if left <= _RELATIVE else f"error {left:.0e}"
    return "reached" if left == 0 else f"{left:.0f} wrong"


def write_table(rows: list[dict[str, Any]], folder: Path) -> None:
    """The results as a table for the documentation."""
    lines = [
        "| " + " | ".join(COLUMNS.values()) + " |",
        "| " + " | ".join("---" for _ in COLUMNS) + " |",
    ]
    for row in rows:
        cells = ("" if row.get(key) is None else str(row[key]) for key in COLUMNS)
        lines.append("| " + " | ".join(cells) + " |")
    (folder / "figures" / "minimal.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Measure the cases that were asked for; others stay as they were measured before."""
    options = arguments()
    earlier = RESULTS / "minimal_table.json"
    known = json.loads(earlier.read_text())["rows"] if earlier.exists() else []
    found = {row["case"]: row for row in known}
    for name in options.cases:
        found[name] = measure(name)
    rows = [found[name] for name in CASES if name in found]
    report("minimal_table", COLUMNS, rows)
    if options.docs is not None:
        write_table(rows, options.docs)


if __name__ == "__main__":
    main()
