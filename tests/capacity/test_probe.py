"""Probing PyTorch modules: Gram matrices against Jacobians, capacities against formulas."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import rote
from rote.capacity.gram_rank import gram_rank
from rote.capacity.module_gram import in_double, module_gram
from rote.capacity.probe import Probe, probe_module
from rote.errors import OptionError
from rote.network import Affine, Network, Value
from rote.network.activation import TANH, THRESHOLD
from rote.typing import Floats, no_progress

ROUNDING = 1e-10
"""Relative difference of sums of some thousand products."""


def stack(widths: tuple[int, ...], activation: type[nn.Module], seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for fan_in, units in pairwise(widths):
        layer = nn.Linear(fan_in, units)
        nn.init.normal_(layer.weight, 0, 1.7 / fan_in**0.5)
        nn.init.normal_(layer.bias, 0, 0.7)
        layers += [layer, activation()]
    return nn.Sequential(*layers[:-1])


class Tokens(nn.Module):
    """Embedding, positions, a block with attention and layer normalization, a linear head."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.embed = nn.Embedding(7, 4)
        self.place = nn.Parameter(torch.randn(5, 4))
        self.block = nn.TransformerEncoderLayer(
            4, 2, 6, dropout=0.0, activation="gelu", batch_first=True
        )
        self.head = nn.Linear(4, outputs)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        mixed: torch.Tensor = self.head(self.block(self.embed(tokens) + self.place).mean(1))
        return mixed


class Tied(nn.Module):
    """One weight used by a layer and without it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.layer = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.layer(x)) @ self.layer.weight
        return torch.sin(self.layer(hidden)).sum(1, keepdim=True)


def convolution() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Conv2d(2, 3, 2), nn.GELU(), nn.Flatten(), nn.Linear(27, 2)
    )


CASES = [
    pytest.param(stack((4, 6, 5, 1), nn.Tanh), torch.randn(9, 4), id="linear"),
    pytest.param(stack((4, 6, 3), nn.ReLU), torch.randn(9, 4), id="three outputs"),
    pytest.param(convolution(), torch.randn(8, 1, 6, 6), id="convolution"),
    pytest.param(Tokens(2), torch.randint(0, 7, (5, 5)), id="attention"),
    pytest.param(Tied(), torch.randn(7, 3), id="tied"),
]


def explicit_gram(module: nn.Module, inputs: torch.Tensor) -> Floats:
    """Row by row by back-propagation, scaled as one; the slow twin."""
    parameters = list(module.parameters())
    rows = []
    for i in range(len(inputs)):
        for value in module(inputs[i : i + 1]).reshape(-1):
            grads = torch.autograd.grad(
                value, parameters, retain_graph=True, materialize_grads=True, allow_unused=True
            )
            rows.append(torch.cat([g.reshape(-1) for g in grads]))
    jacobian = torch.stack(rows)
    return np.asarray((jacobian @ jacobian.T).numpy())


@pytest.mark.parametrize(("module", "inputs"), CASES)
def test_each_parameter_counts_in_the_gram_matrix(module: nn.Module, inputs: torch.Tensor) -> None:
    """With all parameters but one tensor frozen, scales do not matter: compare with the twin."""
    module = in_double(module)
    given = inputs.double() if inputs.is_floating_point() else inputs
    for parameter in module.parameters():
        for other in module.parameters():
            other.requires_grad_(other is parameter)
        wanted = explicit_gram_of(module, parameter, given)
        if not wanted.any():
            continue
        found = module_gram(module, given, no_progress)
        assert np.abs(found - wanted / np.trace(wanted)).max() < ROUNDING


def explicit_gram_of(module: nn.Module, parameter: nn.Parameter, inputs: torch.Tensor) -> Floats:
    rows = [
        torch.autograd.grad(
            value, parameter, retain_graph=True, materialize_grads=True, allow_unused=True
        )[0].reshape(-1)
        for i in range(len(inputs))
        for value in module(inputs[i : i + 1]).reshape(-1)
    ]
    jacobian = torch.stack(rows)
    return np.asarray((jacobian @ jacobian.T).numpy())


@pytest.mark.parametrize(("module", "inputs"), CASES)
def test_the_rank_is_that_of_the_whole_jacobian(module: nn.Module, inputs: torch.Tensor) -> None:
    double = in_double(module)
    given = inputs.double() if inputs.is_floating_point() else inputs
    rank = int(np.linalg.matrix_rank(explicit_gram(double, given), tol=1e-9, hermitian=True))
    found = probe_module(module, inputs)
    assert found.rank == rank
    assert all(p.requires_grad for p in double.parameters())


@pytest.mark.parametrize(
    ("widths", "activation", "capacity"),
    [
        ((20, 30, 1), nn.Tanh, 661),
        ((20, 30, 1), nn.ReLU, 631),
        ((5, 20, 20, 1), nn.GELU, 561),
    ],
)
def test_the_full_capacity_is_found(
    widths: tuple[int, ...], activation: type[nn.Module], capacity: int
) -> None:
    module = stack(widths, activation)
    found = probe_module(module, torch.randn(capacity + 40, widths[0]))
    assert (found.rank, found.capacity, found.bound) == (capacity, capacity, capacity)
    assert found.complete
    assert found.clear
    assert found.lost == found.parameters - capacity


def test_fewer_points_than_capacity_give_a_lower_bound() -> None:
    found = probe_module(stack((30, 40, 1), nn.Tanh), torch.randn(50, 30))
    assert (found.capacity, found.complete, found.lost) == (50, False, None)
    assert "at least 50 points" in found.describe()


def test_repeated_points_are_no_capacity() -> None:
    inputs = torch.randn(40, 30)
    found = probe_module(stack((30, 40, 1), nn.Tanh), torch.cat([inputs, inputs[::4]]))
    assert (found.rank, found.complete) == (40, False)


def test_outputs_share_the_parameters() -> None:
    found = probe_module(stack((6, 10, 3), nn.Tanh), torch.randn(50, 6))
    assert (found.parameters, found.rank, found.capacity) == (103, 103, 34)


def test_networks_and_files_are_probed_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 3)), rng.integers(0, 2, 30)
    memo = rote.memorize(X, y, construction="zhang2017")
    memo.save(tmp_path / "net.onnx")
    assert rote.probe(tmp_path / "net.onnx", X) == rote.probe(memo.network, X)
    layers = (
        Affine(rng.standard_normal((4, 3)), rng.standard_normal(4), TANH),
        Affine(rng.standard_normal((1, 4)), np.zeros(1)),
    )
    found = rote.probe(Network(layers, Value(1.0)), rng.standard_normal((40, 3)))
    assert (found.rank, found.bound) == (21, 21)


def test_threshold_units_have_no_slope() -> None:
    rng = np.random.default_rng(1)
    layers = (
        Affine(rng.standard_normal((4, 3)), rng.standard_normal(4), THRESHOLD),
        Affine(rng.standard_normal((1, 4)), np.zeros(1)),
    )
    found = rote.probe(Network(layers, Value(1.0)), rng.standard_normal((40, 3)))
    assert found.rank == 5  # output weights and bias


def test_what_cannot_be_probed_is_refused() -> None:
    with pytest.raises(OptionError, match="do not depend on any parameter"):
        probe_module(nn.Tanh(), torch.randn(3, 2))
    with pytest.raises(OptionError, match="one row for each of 2 inputs"):
        probe_module(nn.Flatten(0), torch.randn(4, 2))
    with pytest.raises(OptionError, match="Inputs must have shape"):
        probe_module(nn.Linear(2, 1), torch.tensor(1.0))


def test_ranks_of_gram_matrices() -> None:
    rng = np.random.default_rng(2)
    a = rng.standard_normal((60, 25)) * 10.0 ** rng.integers(-3, 4, (60, 1))
    assert gram_rank(a @ a.T).rank == 25
    assert gram_rank(a[:20] @ a[:20].T).full
    a[3] = 0
    assert gram_rank(a[:20] @ a[:20].T).rank == 19
    assert gram_rank(np.zeros((4, 4))).rank == 0
    blurred = rng.standard_normal((30, 40)) @ np.diag(0.3 ** np.arange(40))
    assert not gram_rank(blurred @ blurred.T).clear


def test_a_probe_describes_itself() -> None:
    found = Probe(
        points=90,
        outputs=2,
        parameters=100,
        rank=81,
        complete=True,
        clear=False,
        conditioning=1e-13,
        bound=90,
        reason="100 parameters less 10",
        source="ours",
    )
    assert found.describe() == (
        "Capacity 40 points of 2 outputs, rank 81 of 100 parameters. 19 parameters are lost to "
        "symmetries or dead units. The rank is blurred by rounding: read it as a lower bound. "
        "Upper bound 90: 100 parameters less 10."
    )
