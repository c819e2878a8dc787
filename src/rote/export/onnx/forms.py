r"""Forms: each activation as an expression of plain operators, the same to write and to read.

The first form of an activation in an arithmetic is the one written; all are read.

onnxruntime's CPU provider has float64 kernels for ``Relu, Clip, Sign, Tanh, Sigmoid, Sin, Exp,
Log, Pow, Max`` and arithmetic, but at opset 13 none for ``LeakyRelu, Softplus, Erf``: a float64
network uses forms without these.

GELU is $t\,\Phi(t)$, and in float64 $\Phi$ is the trapezoidal rule with half-integer nodes for an
integral of the complementary error function, with the residue at its pole [hunter1972]:

.. math::
    \Phi(t) = \frac{1}{1 + e^{-\sqrt2\,\pi t / h}}
        - t\,e^{-t^2/2} \sum_{n=1}^{N} \frac{\sqrt2\,h\,e^{-c_n} / \pi}{t^2 + 2 c_n},
    \qquad c_n = h^2 (n - \tfrac12)^2

with an error of about $e^{-(\pi/h)^2}$ from the step and $e^{-c_{N+1}}$ from the tail, relative to
$\Phi$ as far as $|t| = \sqrt2\,\pi / h$, where the pole crosses. The choice $h = 1/2$, $N = 13$,
which puts both below $2^{-53}$, is ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from onnx import TensorProto

from rote.export.onnx.expression import ARGUMENT, Constant, Hole, Op, op
from rote.network.activation import Activation, Kind
from rote.typing import DType

__all__ = ["FORMS", "PARAMETER", "Form", "written_form"]

PARAMETER = Hole("parameter")
"""The parameter of an activation."""


@dataclass(frozen=True)
class Form:
    """An activation as an expression.

    Attributes:
        kind: The activation's name.
        expression: What is computed from the argument.
        parameter: The activation's parameter, or None where the expression has it as a hole.
    """

    kind: Kind
    expression: Op
    parameter: float | None = 0.0


def _gelu_by_erf(scaled: Op) -> tuple[Op, ...]:
    """GELU from t / sqrt(2), in the orders of multiplication that exporters use."""
    erf = op("Add", op("Erf", scaled), 1.0)
    return (
        op("Mul", op("Mul", ARGUMENT, erf), 0.5),
        op("Mul", op("Mul", ARGUMENT, 0.5), erf),
        op("Mul", ARGUMENT, op("Mul", erf, 0.5)),
    )


def _gelu_by_trapezoidal_rule(h: float = 0.5, terms: int = 13) -> Op:
    c = [(h * (n - 0.5)) ** 2 for n in range(1, terms + 1)]
    weights = Constant(tuple(math.sqrt(2) * h / math.pi * math.exp(-v) for v in c))
    nodes = Constant(tuple(2 * v for v in c))
    last_axis = Constant((2,), "int")
    square = op("Mul", ARGUMENT, ARGUMENT)
    terms_of_sum = op("Div", weights, op("Add", op("Unsqueeze", square, last_axis), nodes))
    total = op("ReduceSum", terms_of_sum, last_axis, keepdims=0)
    bell = op("Mul", ARGUMENT, op("Exp", op("Mul", square, -0.5)))
    # Not Sigmoid, which onnxruntime computes with an absolute rather than a relative error.
    decay = op("Exp", op("Mul", ARGUMENT, -math.sqrt(2) * math.pi / h))
    residue = op("Div", 1.0, op("Add", decay, 1.0))
    return op("Mul", ARGUMENT, op("Sub", residue, op("Mul", bell, total)))


def _table(dtype: Literal["float32", "float64"]) -> tuple[Form, ...]:
    """The forms of all activations but the identity, the written form of each first."""
    t, double = ARGUMENT, dtype == "float64"
    leaky = Form("leaky", op("LeakyRelu", t, alpha=PARAMETER), None)
    leaky_by_max = Form("leaky", op("Max", t, op("Mul", t, PARAMETER)), None)
    softplus = Form("softplus", op("Softplus", t))
    # log(1 + e^t) = max(t, 0) + log(1 + e^-|t|), which never overflows.
    decay = op("Exp", op("Neg", op("Abs", t)))
    softplus_by_log = Form("softplus", op("Add", op("Relu", t), op("Log", op("Add", decay, 1.0))))
    gelus = [
        Form("gelu", expression)
        for scaled in (op("Div", t, math.sqrt(2)), op("Mul", t, math.sqrt(0.5)))
        for expression in _gelu_by_erf(scaled)
    ]
    if double:
        gelus.insert(0, Form("gelu", _gelu_by_trapezoidal_rule()))
    silu = Form("silu", op("Mul", t, op("Sigmoid", t)))
    # onnxruntime before 1.31 fuses the product into an operator that has no float64 kernel.
    silu_by_div = Form("silu", op("Div", t, op("Add", op("Exp", op("Neg", t)), 1.0)))
    true_is_one = TensorProto.DOUBLE if double else TensorProto.FLOAT
    return (
        Form("relu", op("Relu", t)),
        *((leaky_by_max, leaky) if double else (leaky, leaky_by_max)),
        Form("hard-tanh", op("Clip", t, -1.0, 1.0)),
        Form("hard-tanh", op("Clip", t, min=-1.0, max=1.0)),  # before opset 11
        Form("threshold", op("Relu", op("Sign", t))),
        Form("threshold", op("Cast", op("Greater", t, 0.0), to=true_is_one)),
        Form("tanh", op("Tanh", t)),
        Form("sigmoid", op("Sigmoid", t)),
        *gelus,
        Form("gelu", op("Gelu", t, approximate="none")),
        *((silu_by_div, silu) if double else (silu, silu_by_div)),
        Form("silu", op("Swish", t)),
        *((softplus_by_log, softplus) if double else (softplus, softplus_by_log)),
        Form("sin", op("Sin", t)),
        Form("power", op("Mul", t, t), 2.0),
        Form("power", op("Pow", t, PARAMETER), None),
    )


FORMS: dict[DType, tuple[Form, ...]] = {
    "float32": _table("float32"),
    "float64": _table("float64"),
}
"""Forms by arithmetic."""


def written_form(activation: Activation, dtype: DType) -> Form | None:
    """The form in which an activation is written; None for the identity."""
    for form in FORMS[dtype]:
        if form.kind == activation.kind and form.parameter in {None, activation.parameter}:
            return form
    return None
