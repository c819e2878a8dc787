"""vershynin2020: prescribed widths, any mix of units, and what happens when widths run out."""

from __future__ import annotations

import numpy as np
import pytest

from rote.certify import verify
from rote.constructions import make
from rote.constructions.vershynin2020 import Vershynin2020
from rote.data import DataSet
from rote.errors import AssumptionError, OptionError


def normal(n: int, d: int = 20, classes: int = 2) -> DataSet:
    rng = np.random.default_rng(0)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.integers(0, classes, n))


@pytest.mark.parametrize(
    ("widths", "activations"),
    [
        ((300, 60), ("threshold",)),
        ((80, 60, 60, 60), ("threshold",)),
        ((300, 200), ("relu",)),
        ((200, 120, 60), ("tr",)),
        ((200, 120, 120, 60), ("relu", "tr", "threshold", "relu")),
        ((60, 60, 60, 60), ("threshold", "rt", "threshold", "tr")),
    ],
)
def test_prescribed_widths_and_mixed_units_are_certified(
    widths: tuple[int, ...], activations: tuple[str, ...]
) -> None:
    data = normal(300)
    construction = Vershynin2020(widths=widths, activations=activations)
    network = construction.build(data, dtype="float32")
    assert network.size.exceeds(construction.promise(data.problem)) == []
    assert verify(network, data).certified
    used = {a.kind for layer in network.layers[:-1] for a in layer.activations}
    wanted = {"t": "threshold", "r": "relu"}
    names = {"threshold": "t", "relu": "r"}
    letters = "".join(names.get(a, a) for a in activations)
    assert used <= {wanted[letter] for letter in letters}


def test_narrow_pyramids_use_several_layers_and_carry() -> None:
    data = normal(300)
    network = Vershynin2020(widths=(80, 40, 40, 40, 40)).build(data)
    assert network.size.depth >= 3
    assert verify(network, data).certified


def test_classes_have_detectors_for_each_bit() -> None:
    data = normal(200, classes=5)
    for widths in (None, (150, 60, 60, 60)):
        network = Vershynin2020(widths=widths).build(data, dtype="float32")
        assert network.outputs == 3
        assert verify(network, data).certified


def test_points_that_are_left_are_named_and_counted() -> None:
    data = normal(1000)
    with pytest.raises(AssumptionError, match=r"were left when hidden layer 3 ran out") as caught:
        Vershynin2020(widths=(40, 20, 20)).build(data)
    assert f"; {len(caught.value.witness)} were left" in str(caught.value)
    assert 0 < len(caught.value.witness) < 500


def test_a_layer_too_narrow_for_its_carries_runs_out() -> None:
    with pytest.raises(AssumptionError, match="Widen the layers"):
        Vershynin2020(widths=(40, 10, 1, 30)).build(normal(300))


def test_ridge_takes_more_points_than_the_papers_rule() -> None:
    data = normal(600)
    units = [
        Vershynin2020(widths=(300, 400), perception=rule).build(data).size.widths[1]
        for rule in ("ridge", "hebbian")
    ]
    assert 4 * units[0] < units[1]


def test_bands_take_more_points_than_ridge() -> None:
    data = normal(1000)
    pyramid = Vershynin2020().build(data)
    bands = make("rajput2021-two-layers").build(data)
    assert 2 * bands.size.neurons < pyramid.size.neurons


def test_one_label_needs_no_units() -> None:
    data = DataSet.from_arrays(np.arange(4.0)[:, None], ["a"] * 4)
    assert Vershynin2020().build(data).size.neurons == 0


@pytest.mark.parametrize(
    "options",
    [
        {"widths": (3,)},
        {"widths": (3, 0)},
        {"activations": ("tanh",)},
        {"activations": ("relu", "relu", "relu")},
        {"widths": (3, 3, 3), "activations": ("relu", "relu")},
        {"perception": "oracle"},
        {"rate": 0.0},
        {"rate": 1.0},
    ],
)
def test_meaningless_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        Vershynin2020(**options)  # type: ignore[arg-type]
