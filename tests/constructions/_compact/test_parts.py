"""The parts of a compact memory, told from its layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rote.api.parts import file_parts
from rote.constructions import make
from rote.constructions._compact.parts import part_names
from rote.data import DataSet
from rote.export.onnx import to_bytes

PARTS = ["encoder", "hash", "one-hot", "table", "reader", "container"]


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("options", [{}, {"words": "float32"}, {"shallow": True}])
def test_parts_add_up_to_the_file(real: bool, classes: int, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 12)) if real else rng.integers(0, 256, (2000, 12))
    data = DataSet.from_arrays(X, rng.integers(0, classes, 2000))
    network = make("compact", **options).build(data, dtype="float32")
    parts = file_parts(network)
    assert list(parts) == PARTS
    assert sum(parts.values()) == len(to_bytes(network))
    names = part_names(network)
    assert names is not None
    assert names.count("encoder") == (3 if real else 1)
    if not options.get("shallow"):
        sizes = [layer.weight.size for layer in network.affine_layers]
        assert sizes[names.index("table")] == max(sizes[names.index("one-hot") :])


def test_other_networks_have_no_parts() -> None:
    rng = np.random.default_rng(0)
    data = DataSet.from_arrays(rng.standard_normal((20, 3)), rng.integers(0, 2, 20))
    network = make("zhang2017").build(data, dtype="float32")
    assert part_names(network) is None
    assert list(file_parts(network)) == ["weights", "container"]
