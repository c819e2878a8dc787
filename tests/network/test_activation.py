"""Activations against their formulas in ball arithmetic, and their arithmetic."""

from __future__ import annotations

import math

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.errors import OptionError
from rote.network.activation import RELU, Activation, leaky, power
from strategies import ALL_ACTIVATIONS, PIECEWISE_LINEAR, POWERS, finite_floats

FORMULAS = {
    "identity": lambda t, _: t,
    "relu": lambda t, _: t.max(0),
    "leaky": lambda t, slope: t if t >= 0 else t * slope,
    "hard-tanh": lambda t, _: t.max(-1).min(1),
    "threshold": lambda t, _: flint.arb(int(t > 0)),
    "tanh": lambda t, _: t.tanh(),
    "sigmoid": lambda t, _: 1 / (1 + (-t).exp()),
    "gelu": lambda t, _: t * (-t / flint.arb(2).sqrt()).erfc() / 2,
    "silu": lambda t, _: t / (1 + (-t).exp()),
    "softplus": lambda t, _: (1 + t.exp()).log(),
    "sin": lambda t, _: t.sin(),
    "power": lambda t, k: t ** int(k),
}

ULPS = 16
"""Allowed error of the smooth functions of numpy and scipy in units of the last place of the value
(or of the smallest normal number, below it); most are within 4. The normal distribution function
in gelu has the condition number t^2 in its left tail, which comes on top."""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS, ids=str)
@given(st.data())
def test_values_are_those_of_the_formula(
    activation: Activation, dtype: str, data: st.DataObject
) -> None:
    t = data.draw(finite_floats(dtype, largest=30.0))
    got = activation(np.array([t], dtype))
    assert got.dtype == dtype
    with flint.ctx.workprec(400):
        want = float(FORMULAS[activation.kind](flint.arb(t), activation.parameter))
    info = np.finfo(dtype)
    ulps = ULPS + (t * t if activation.kind == "gelu" else 0)
    tolerance = ulps * info.eps * max(abs(want), float(info.tiny))
    if activation in PIECEWISE_LINEAR:
        tolerance = 0.0 if activation.kind != "leaky" else info.eps * abs(want) + 2.0**-1074
    assert abs(float(got[0]) - want) <= tolerance


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ALL_ACTIVATIONS, ids=str)
def test_dtype_and_shape_stay(activation: Activation, dtype: str) -> None:
    for shape in ((0, 3), (2, 3), (1, 1)):
        out = activation(np.full(shape, -0.75, dtype))
        assert isinstance(out, np.ndarray)
        assert (out.dtype, out.shape) == (np.dtype(dtype), shape)


@pytest.mark.parametrize(
    "activation",
    [a for a in PIECEWISE_LINEAR + POWERS if a.kind != "leaky"],
    ids=str,
)
def test_python_integers_stay_such(activation: Activation) -> None:
    values = [-(10**30), -2, -1, 0, 1, 2, 10**30]
    out = activation(np.array(values, dtype=object))
    assert out.dtype == object
    assert all(type(v) is int for v in out.tolist())
    relu, cube = [max(v, 0) for v in values], [v**3 for v in values]
    wanted = {"relu": relu, "power(3)": cube, "hard-tanh": [-1, -1, -1, 0, 1, 1, 1]}
    assert out.tolist() == wanted.get(str(activation), out.tolist())


def test_threshold_is_zero_at_zero() -> None:
    out = Activation("threshold")(np.array([-0.0, 0.0, 5e-324]))
    assert out.tolist() == [0.0, 0.0, 1.0]


def test_softplus_and_sigmoid_do_not_overflow() -> None:
    t = np.array([-1e4, 1e4], np.float32)
    assert Activation("softplus")(t).tolist() == [0.0, 1e4]
    assert Activation("sigmoid")(t).tolist() == [0.0, 1.0]
    assert Activation("silu")(t).tolist() == [0.0, 1e4]
    assert Activation("gelu")(t).tolist() == [0.0, 1e4]


@given(st.floats(0, 1 - 2**-20))
def test_leaky_has_the_same_slope_in_every_dtype(slope: float) -> None:
    activation = leaky(slope)
    assert activation.parameter == float(np.float32(slope))
    t = np.array([-1.0])
    assert activation(t)[0] == -activation.parameter
    assert activation(t.astype(np.float32))[0] == np.float32(-activation.parameter)


def test_equal_activations_have_one_form() -> None:
    assert power(3) == Activation("power", 3)
    assert type(Activation("power", 3).parameter) is float
    assert math.copysign(1, Activation("relu", -0.0).parameter) == 1.0
    assert str(leaky(0.0)) == "leaky(0)"
    assert (str(power(2)), str(RELU)) == ("power(2)", "relu")


@pytest.mark.parametrize(
    ("kind", "parameter", "message"),
    [
        ("swish", 0, "must be one of identity, relu"),
        ("power", 0, "integer from 1"),
        ("power", 1.5, "integer from 1"),
        ("power", math.nan, "integer from 1"),
        ("power", math.inf, "integer from 1"),
        ("power", 2000, "integer from 1 to 1024"),
        ("leaky", 1, "in \\[0, 1\\)"),
        ("leaky", -0.5, "in \\[0, 1\\)"),
        ("leaky", math.nan, "in \\[0, 1\\)"),
        ("leaky", 0.1, "rounds it"),
        ("relu", 1, "takes no parameter"),
        ("tanh", math.nan, "takes no parameter"),
    ],
)
def test_meaningless_activations(kind: str, parameter: float, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Activation(kind, parameter)  # type: ignore[arg-type]


def test_leaky_takes_a_finite_slope() -> None:
    with pytest.raises(OptionError, match="must be finite"):
        leaky(math.inf)
