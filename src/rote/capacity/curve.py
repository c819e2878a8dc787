"""Success against load: how many labels training makes a network with one hidden layer learn.

The generic rank says how many real labels a network can fit; a curve says how many an algorithm
makes it fit. Random labels of normal points are fitted from random starts at growing loads n/P by
Levenberg-Marquardt, by L-BFGS and by Adam, each with several settings, of which one must succeed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final, get_args

import numpy as np

from rote.constructions._gadgets.slopes import approach, named_activation
from rote.constructions._training.goals import Equal, Goal, Margins
from rote.constructions._training.gradient import adam, lbfgs
from rote.constructions._training.levenberg import through
from rote.constructions._training.perceptron import Perceptron, random_perceptron
from rote.constructions._training.trainer import GAIN, SHARPNESS
from rote.errors import OptionError
from rote.network import Activation, ArgMax, Sign
from rote.typing import Floats, Progress, no_progress

__all__ = ["LOADS", "CapacityCurve", "Method", "capacity_curve"]

Method: TypeAlias = Literal["levenberg-marquardt", "lbfgs", "adam"]

LOADS = {
    "real": (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0, 1.05),
    "classes": (1.0, 1.5, 2.0, 2.5, 3.0, 3.25, 3.5, 3.75, 4.0),
}
"""Labels per parameter that are tried by default. Ours."""

_RELATIVE = 1e-6
"""Relative error at which real labels count as fitted. Ours."""

_STEPS = {"levenberg-marquardt": 300, "lbfgs": 3000, "adam": 4000}
_RATES = (3e-3, 1e-2, 3e-2)
_GAINS = (GAIN, 1.0)
"""Steps, Adam's rates and the spreads of starts that are tried. Ours."""


@final
@dataclass(frozen=True, eq=False)
class CapacityCurve:
    """How often each method succeeded.

    Attributes:
        parameters: P, of the network.
        rank: Its generic rank: more real labels cannot be fitted.
        loads: Points over parameters, shape (L,).
        points: Numbers of points, shape (L,).
        trials: How many data sets were tried at each load.
        success: For each method, the share of them that it fitted, shape (L,).
    """

    parameters: int
    rank: int
    loads: Floats
    points: tuple[int, ...]
    trials: int
    success: dict[Method, Floats]

    def reached(self, method: Method) -> float:
        """The largest load of which, as of all smaller ones, a method fitted at least half."""
        failed = np.flatnonzero(self.success[method] < 0.5)
        last = (failed[0] if failed.size else len(self.loads)) - 1
        return float(self.loads[last]) if last >= 0 else 0.0

    def describe(self) -> str:
        """One sentence: what each method reached."""
        parts = [f"{method} {self.reached(method):g}" for method in self.success]
        return f"{self.parameters} parameters; labels per parameter reached: {', '.join(parts)}."


def capacity_curve(
    inputs: int,
    units: int,
    *,
    activation: str = "tanh",
    classes: int | None = None,
    loads: Sequence[float] | None = None,
    methods: Sequence[Method] = get_args(Method),
    trials: int = 3,
    seed: int = 0,
    progress: Progress = no_progress,
) -> CapacityCurve:
    """Measure success against the load, by training.

    A method that failed at all trials of a load is not tried at larger ones.

    Args:
        inputs: Features d of the normal points.
        units: Hidden units.
        activation: What they compute: tanh, sigmoid, gelu, silu, softplus, sin or relu.
        classes: Number of classes of the random labels; by default the labels are real.
        loads: Increasing numbers of points over parameters.
        methods: Some of ``levenberg-marquardt``, ``lbfgs`` and ``adam``.
        trials: Data sets at each load.
        seed: Seed of all randomness.
        progress: Called as ``progress("loads", done, total)``.

    Returns:
        The curve.

    Raises:
        OptionError: An argument is out of range or unknown.
    """
    kind = named_activation(activation)
    _check(inputs, units, classes, methods, trials)
    k = 1 if classes is None or classes == 2 else classes
    if loads is None:
        loads = LOADS["real" if classes is None else "classes"]
        loads = [load / np.log2(classes or 2) for load in loads]
    parameters = units * (inputs + 1) + k * (units + 1)
    points = tuple(max(2, round(load * parameters)) for load in loads)
    success: dict[Method, Floats] = {method: np.zeros(len(points)) for method in methods}
    for number, n in enumerate(points):
        progress("loads", number, len(points))
        for trial in range(trials):
            task = _Task.random(n, inputs, units, k, classes, kind, (seed, number, trial))
            for method in methods:
                if number == 0 or success[method][number - 1] > 0:
                    success[method][number] += task.fits(method) / trials
    progress("loads", len(points), len(points))
    rank = parameters - (units if kind.kind == "relu" else 0)
    return CapacityCurve(parameters, rank, np.asarray(loads, float), points, trials, success)


@final
@dataclass(frozen=True, eq=False)
class _Task:
    """Points, a goal, and starts of each spread."""

    points: Floats
    goal: Goal
    starts: tuple[Perceptron, ...]
    activation: Activation

    @classmethod
    def random(
        cls,
        n: int,
        d: int,
        units: int,
        k: int,
        classes: int | None,
        activation: Activation,
        seed: tuple[int, ...],
    ) -> _Task:
        rng = np.random.default_rng(seed)
        points = rng.standard_normal((n, d))
        if classes is None:
            goal: Goal = Equal(rng.standard_normal((n, k)), _RELATIVE)
        else:
            labels = np.arange(classes)
            decision = ArgMax(labels) if k > 1 else Sign(labels)
            goal = Margins.of(decision, k, rng.integers(0, classes, n), 1.0, 1e-3)
        starts = tuple(random_perceptron(d, units, k, gain, rng) for gain in _GAINS)
        return cls(points, goal, starts, activation)

    def fits(self, method: Method) -> bool:
        """Whether some setting of a method reaches the goal."""
        curves = approach(self.activation, SHARPNESS)
        psi, steps = curves[-1], _STEPS[method]

        def levenberg_marquardt(start: Perceptron) -> Perceptron:
            return through(curves, start, self.points, self.goal, steps).network

        def quasi_newton(start: Perceptron) -> Perceptron:
            return lbfgs(psi, start, self.points, self.goal, steps)

        def with_rate(rate: float) -> Callable[[Perceptron], Perceptron]:
            return lambda start: adam(psi, start, self.points, self.goal, steps, rate)

        settings: dict[Method, list[Callable[[Perceptron], Perceptron]]] = {
            "levenberg-marquardt": [levenberg_marquardt],
            "lbfgs": [quasi_newton],
            "adam": [with_rate(rate) for rate in _RATES],
        }
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return any(
                self.goal.reached(train(start).respond(self.points, psi).outputs)
                for train in settings[method]
                for start in self.starts
            )


def _check(
    inputs: int, units: int, classes: int | None, methods: Sequence[str], trials: int
) -> None:
    for name, value in (("inputs", inputs), ("units", units), ("trials", trials)):
        if value < 1:
            raise OptionError(f"Argument {name!r} must be at least 1, not {value}.")
    if classes is not None and classes < 2:
        raise OptionError(f"Argument 'classes' must be at least 2, not {classes}.")
    for method in methods:
        if method not in get_args(Method):
            known = ", ".join(get_args(Method))
            raise OptionError(f"A method must be one of {known}, not {method!r}.")
