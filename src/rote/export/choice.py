"""Choice: the decision of a network that comes without one, from another tool's file or module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from rote.errors import OptionError
from rote.network.activation import SIGMOID
from rote.network.decision import ArgMax, Bits, Decision, Nearest, Sign, Value
from rote.network.layer import Affine, Layer
from rote.suggest import did_you_mean
from rote.typing import Array

__all__ = ["DecisionName", "choose_decision"]

DecisionName: TypeAlias = Literal["argmax", "sign", "nearest", "bits", "value"]

_LABELLED: dict[str, Callable[[Array], Decision]] = {
    "argmax": ArgMax,
    "sign": Sign,
    "nearest": Nearest,
    "bits": Bits,
}


def choose_decision(
    layers: Sequence[Layer],
    decision: str | None = None,
    labels: npt.ArrayLike | None = None,
    tolerance: float | None = None,
) -> Decision:
    """The decision for layers that come without one.

    Args:
        layers: The layers.
        decision: Its name. By default ``value`` if there is a tolerance and no labels; the arg max
            of several outputs; of one output ``nearest`` if there are not two labels or it is a
            sigmoid (so that it is above 1/2 for the second label), else ``sign``.
        labels: The labels in the order of their codes; by default the codes themselves, two for
            one output.
        tolerance: For real targets.

    Returns:
        The decision.

    Raises:
        OptionError: The arguments do not fit one another or the layers.
    """
    outputs = layers[-1].outputs
    given = None if labels is None else np.atleast_1d(np.asarray(labels))
    name = decision or _default(layers, given, tolerance)
    if name not in get_args(DecisionName):
        raise OptionError(
            f"decision {name!r} is unknown. {did_you_mean(name, get_args(DecisionName))}"
        )
    if name == "value":
        if tolerance is None:
            raise OptionError("Real targets need a tolerance: say tolerance=0.5, for example.")
        return Value(float(tolerance))
    if given is None:
        given = np.arange({"argmax": outputs, "bits": 1 << min(outputs, 20)}.get(name, 2))
    if given.ndim != 1 or not given.size:
        raise OptionError(f"labels must be one list of labels, not of shape {given.shape}.")
    made = _LABELLED[name](given)
    made.check(outputs)
    return made


def _default(layers: Sequence[Layer], labels: Array | None, tolerance: float | None) -> str:
    last = layers[-1]
    if tolerance is not None and labels is None:
        return "value"
    if last.outputs > 1:
        return "argmax"
    sigmoid = isinstance(last, Affine) and last.activation == SIGMOID
    return "sign" if not sigmoid and (labels is None or labels.shape == (2,)) else "nearest"
