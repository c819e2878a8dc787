"""PyTorch modules: the same weights there and back, and the same numbers where sums are exact."""

from __future__ import annotations

import copy
import io
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rote.errors import DependencyError, FormatError, PrecisionError
from rote.export.onnx import from_bytes
from rote.export.torch import TorchNetwork, from_torch, to_torch
from rote.network import (
    Affine,
    ArgMax,
    Bits,
    Columns,
    Decision,
    Nearest,
    Network,
    Residual,
    Sign,
    Value,
)
from rote.network.activation import (
    GELU,
    HARD_TANH,
    IDENTITY,
    RELU,
    SIGMOID,
    SILU,
    SIN,
    SOFTPLUS,
    TANH,
    THRESHOLD,
    Activation,
    leaky,
    power,
)
from rote.network.serial import digest
from rote.typing import Array, DType
from strategies import ALL_ACTIVATIONS, FLOAT_DTYPES, decisions, layer_chains, networks, tensors

UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}

SMOOTH_UNITS = 8
"""Largest error of an activation at t in units of max(1, |t|); PyTorch's are within 4."""


@given(st.data())
def test_there_and_back_keeps_every_bit(data: st.DataObject) -> None:
    network = data.draw(networks(data.draw(st.sampled_from(FLOAT_DTYPES)), ALL_ACTIVATIONS))
    module = to_torch(network)
    assert digest(from_torch(module)) == digest(network)
    again = copy.deepcopy(module)
    again.load_state_dict(module.state_dict())
    assert digest(from_torch(again)) == digest(network)


@given(st.data())
def test_integers_run_without_any_difference(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(FLOAT_DTYPES))
    decision, outputs = data.draw(decisions())
    kinds = (IDENTITY, RELU, HARD_TANH, THRESHOLD, leaky(0.25), leaky(0.0))
    small = st.integers(-3, 3).map(float)
    layers = data.draw(layer_chains(3, outputs, dtype, kinds, elements=small))
    network = Network(layers, decision, dtype)
    x = data.draw(tensors((6, 3), dtype, small))
    module = to_torch(network)
    np.testing.assert_array_equal(module(torch.tensor(x)).detach().numpy(), network.raw(x))
    decided = module.decide(torch.tensor(x)).numpy()
    if decision.labels is None:
        np.testing.assert_array_equal(decided, network.raw(x))
    else:
        assert named(module, decided) == network.predict(x).tolist()


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
@pytest.mark.parametrize(
    "activation", [TANH, SIGMOID, GELU, SILU, SOFTPLUS, SIN, power(1), power(2), power(3)], ids=str
)
def test_smooth_activations_agree(activation: Activation, dtype: DType) -> None:
    t = np.linspace(-30, 30, 4001, dtype=dtype)[:, None]
    layer = Affine(np.ones((1, 1), dtype), np.zeros(1, dtype), activation)
    network = Network((layer,), Value(0.5), dtype)
    found = to_torch(network)(torch.tensor(t)).detach().numpy()
    expected = network.raw(t)
    assert found.dtype == dtype
    scale = np.maximum(np.maximum(1, np.abs(t)), np.abs(expected))
    assert np.max(np.abs(found - expected) / scale) <= SMOOTH_UNITS * UNIT[dtype]


DECISIONS: list[tuple[Decision, int]] = [
    (Nearest(np.array(["a"])), 1),
    (Nearest(np.array([3, 1, 2])), 1),
    (Sign(np.array(["no", "yes"])), 1),
    (ArgMax(np.array([10, 20, 30])), 3),
    (Bits(np.array([5])), 1),
    (Bits(np.array(["p", "q", "r"])), 2),
    (Nearest(np.array([["a", "x"], ["a", "y"], ["b", "x"]])), 1),
    (Columns((np.array(["a", "b", "c"]), np.array([7, 8]))), 2),
    (Columns((np.array([0.5]), np.array([False, True]), np.arange(5))), 3),
]


def named(module: TorchNetwork, codes: Array) -> list[Any]:
    """The module's labels of codes that it decided, as plain lists."""
    assert module.labels is not None
    if codes.ndim == 1:
        return [
            list(v) if isinstance(v, tuple) else v for v in map(module.labels.__getitem__, codes)
        ]
    return [[own[c] for own, c in zip(module.labels, row, strict=True)] for row in codes]


@pytest.mark.parametrize(("decision", "k"), DECISIONS)
def test_codes_are_decided_as_in_python(decision: Decision, k: int) -> None:
    network = Network((Affine(np.eye(k), np.zeros(k)),), decision)
    values = [-9, -0.0, 0.0, 0.5, np.nextafter(0.5, 1), 1, 1.5, 1.6, 2.5, 9]
    grid = np.array(np.meshgrid(*[values] * k)).reshape(k, -1).T
    module = to_torch(network)
    assert (
        named(module, module.decide(torch.tensor(grid)).numpy()) == network.predict(grid).tolist()
    )
    unknown = module.decide(torch.full((1, k), torch.nan, dtype=torch.float64))
    assert named(module, unknown.numpy())


def sample() -> Network:
    rng = np.random.default_rng(0)
    layers = (
        Affine(rng.normal(size=(4, 3)), rng.normal(size=4), RELU),
        Affine(rng.normal(size=(1, 4)), rng.normal(size=5), (RELU, TANH) * 2 + (IDENTITY,)),
        Residual((Affine(rng.normal(size=(5, 5)), rng.normal(size=5), HARD_TANH),)),
        Affine(rng.normal(size=(2, 5)), rng.normal(size=2)),
    )
    return Network(layers, ArgMax(np.array(["no", "yes"])))


def test_the_module_is_made_of_pytorchs_own_layers() -> None:
    before = torch.random.get_rng_state()
    module = to_torch(sample())
    assert torch.equal(before, torch.random.get_rng_state())
    assert not module.training
    names = [type(layer).__name__ for layer in module.layers]
    assert names == ["Linear", "ReLU", "SharedLinear", "PerUnit", "Residual", "Linear"]
    assert sum(p.numel() for p in module.parameters()) == sample().size.parameters
    assert module(torch.zeros(7, 3, dtype=torch.float64)).shape == (7, 2)
    assert not module.decide(torch.zeros(7, 3, dtype=torch.float64)).requires_grad


def test_a_module_is_exported_and_read_again() -> None:
    network = sample()
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            to_torch(network), (torch.zeros(2, 3, dtype=torch.float64),), buffer, dynamo=False
        )
    read = from_bytes(buffer.getvalue(), labels=["no", "yes"])
    assert digest(read) == digest(network)


def test_exact_networks_become_float64() -> None:
    layer = Affine(np.array([[3, -(2**60)]], object), np.array([1], object), RELU, -1)
    module = to_torch(Network((layer,), Value(0.5), "exact"))
    assert module(torch.tensor([[2.0, 0.0]], dtype=torch.float64)).item() == 3.5
    wide = Affine(np.array([[2**53 + 1]], object), np.array([1], object))
    with pytest.raises(PrecisionError, match="float64"):
        to_torch(Network((wide,), Value(0.5), "exact"))


def test_common_modules_are_read() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Flatten(),
        nn.Sequential(nn.Linear(6, 5), nn.LeakyReLU(0.1)),
        nn.Dropout(0.5),
        nn.Identity(),
        nn.Linear(5, 4, bias=False),
        nn.Hardtanh(),
        nn.Tanh(),
        nn.Linear(4, 1),
        nn.Sigmoid(),
    ).eval()
    network = from_torch(module, labels=["no", "yes"])
    # A second activation in a row gets a layer of its own.
    activations = [layer.activation for layer in network.affine_layers]
    assert activations == [leaky(0.1), HARD_TANH, TANH, SIGMOID]
    assert isinstance(network.decision, Nearest)
    x = torch.randn(20, 2, 3)
    raw = network.raw(x.numpy().reshape(20, 6))
    np.testing.assert_allclose(raw, module(x).detach().numpy(), rtol=0, atol=1e-6)


class Doubled(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


def hooked() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    module[1].register_forward_hook(lambda *_: None)
    return module


def overridden() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].forward = lambda x: x
    return module


def not_finite() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 2))
    nn.init.constant_(module[0].bias, float("nan"))  # type: ignore[arg-type]
    return module


def swapped() -> TorchNetwork:
    """A unit's activation is replaced: what runs is what must be read."""
    module = to_torch(sample())
    module.layers[3].kinds[0] = nn.ELU()
    return module


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "convolution": (lambda: nn.Sequential(nn.Conv1d(1, 1, 1)), r"Module Conv1d \('0'\)"),
    "nested": (lambda: nn.Sequential(nn.Sequential(nn.Linear(1, 1), nn.ELU())), r"ELU \('0.1'\)"),
    "subclass": (lambda: nn.Sequential(Doubled(2, 2)), "Doubled"),
    "other module": (lambda: nn.Bilinear(2, 2, 2), "Module Bilinear: Rote reads"),
    "no weights": (lambda: nn.Sequential(nn.ReLU()), "float64, not none"),
    "half": (lambda: nn.Sequential(nn.Linear(2, 2)).half(), "not torch.float16"),
    "two types": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).double()),
        "torch.float32",
    ),
    "training": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).train(),
        r"Dropout \('1'\) is in training mode",
    ),
    "hook": (hooked, "hooks"),
    "own forward": (overridden, "hooks or a forward of its own"),
    "gelu by tanh": (lambda: nn.Sequential(nn.Linear(2, 2), nn.GELU("tanh")), "GELU"),
    "hard tanh": (lambda: nn.Sequential(nn.Linear(2, 2), nn.Hardtanh(0, 6)), "Hardtanh"),
    "softplus": (lambda: nn.Sequential(nn.Linear(2, 2), nn.Softplus(beta=2)), "Softplus"),
    "softplus cut off": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.Softplus()).double(),
        "Softplus",
    ),
    "slope": (lambda: nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(2.0)), "slope"),
    "slope in float64": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.1)).double(),
        "slope",
    ),
    "late flatten": (lambda: nn.Sequential(nn.Linear(2, 2), nn.Flatten()), "Flatten"),
    "flatten from 0": (lambda: nn.Sequential(nn.Flatten(0), nn.Linear(2, 2)), "Flatten"),
    "widths": (lambda: nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 2)), "Rows of 2 values"),
    "activation first": (lambda: nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), "must follow"),
    "not finite": (not_finite, "finite"),
    "swapped activation": (swapped, "ELU"),
}


@pytest.mark.parametrize(("make", "match"), REFUSED.values(), ids=REFUSED)
def test_other_modules_are_refused(make: Callable[[], nn.Module], match: str) -> None:
    module = make()
    with pytest.raises(FormatError, match=match) as caught:
        from_torch(module)
    assert "\n" not in str(caught.value)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("rote.export.torch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DependencyError, match=r"pip install 'rote\[torch\]'"):
        __import__("rote.export.torch")
