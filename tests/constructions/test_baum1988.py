"""baum1988: the paper's count, bits of class codes, and points that share hyperplanes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.certify import verify
from rote.constructions.baum1988 import Baum1988
from rote.data import DataSet
from rote.errors import OptionError, PrecisionError


def normal(n: int, d: int, classes: int = 2, seed: int = 0) -> DataSet:
    rng = np.random.default_rng(seed)
    return DataSet.from_arrays(rng.standard_normal((n, d)), rng.permutation(n) % classes)


@pytest.mark.parametrize(("n", "d"), [(100, 10), (60, 5), (400, 20)])
def test_the_papers_count(n: int, d: int) -> None:
    data = normal(n, d)
    network = Baum1988().build(data)
    assert network.size.neurons == n // d
    assert network.size.depth == 1
    assert verify(network, data).certified


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 25), d=st.integers(1, 4))
def test_bands_hold_their_points_alone_in_rational_numbers(seed: int, n: int, d: int) -> None:
    data = normal(n, d, seed=seed)
    network = Baum1988().build(data)
    if n == 1:
        assert network.size.neurons == 0
        return
    hidden, output = network.affine_layers
    for x, code in zip(data.points, data.target, strict=True):
        total = Fraction(float(output.bias[0]))
        for row, bias, a in zip(hidden.weight, hidden.bias, output.weight[0], strict=True):
            t = sum(
                (Fraction(w) * Fraction(v) for w, v in zip(row, x, strict=True)), Fraction(bias)
            )
            total += Fraction(a) * (t > 0)
        # A band may hold further points with the label of its block, but no other.
        assert (total >= 1) if code else (total <= 0)


def test_the_frequent_label_needs_no_units() -> None:
    x = np.random.default_rng(0).standard_normal((100, 5))
    data = DataSet.from_arrays(x, np.arange(100) >= 10)
    network = Baum1988().build(data)
    assert network.size.neurons == 2 * 2
    assert np.array_equal(network.predict(x), np.arange(100) >= 10)


@pytest.mark.parametrize("classes", [1, 3, 5, 8])
def test_classes_are_read_from_bits(classes: int) -> None:
    data = normal(80, 8, classes)
    network = Baum1988().build(data)
    assert network.outputs == max(1, (classes - 1).bit_length())
    assert verify(network, data).certified


def test_float32_is_proved_where_margins_are_small() -> None:
    data = normal(2000, 20)
    certificate = verify(Baum1988().build(data, dtype="float32"), data)
    assert certificate.holds("portable")
    assert certificate.claims["portable"].audit["largest_error"] == 0.0


def test_a_close_point_is_pushed_away_where_blocks_are_not_full() -> None:
    data = normal(1000, 100)
    network = Baum1988(fill=0.9, groupings=0).build(data, dtype="float32")
    assert network.size.neurons == 2 * 6
    assert verify(network, data).holds("portable")


def test_a_cube_takes_more_units_than_points_in_general_position() -> None:
    x = (np.arange(256)[:, None] >> np.arange(8)) & 1
    data = DataSet.from_arrays(x, np.random.default_rng(0).integers(0, 2, 256))
    network = Baum1988().build(data, dtype="float32")
    assert verify(network, data).certified
    promise = Baum1988().promise(data.problem)
    assert network.size.exceeds(promise) == ["widths", "neurons", "parameters"]
    assert network.size.neurons < 2 * promise.neurons  # type: ignore[operator]


def test_points_on_a_line_have_bands_of_their_own() -> None:
    x = np.arange(12)[:, None] * np.array([[1, 2, 3]])
    data = DataSet.from_arrays(x, np.arange(12) % 2)
    network = Baum1988().build(data, dtype="float32")
    assert network.size.neurons == 2 * 6
    assert verify(network, data).certified


def test_two_points_closer_than_float32_resolves_are_refused() -> None:
    x = np.array([[1e6, 0.0], [1e6 + 0.0625, 1e6], [-1e6, 3.0], [1e6 + 0.0625, 0.0]], np.float32)
    data = DataSet.from_arrays(x, [0, 0, 0, 1])
    with pytest.raises(
        PrecisionError, match=r"row 0 from a .* row 3\. Use dtype='float64'"
    ) as caught:
        Baum1988().build(data, dtype="float32")
    assert caught.value.rows == (3, 0)
    assert verify(Baum1988().build(data), data).certified


def test_constant_and_repeated_features_do_no_harm() -> None:
    data = normal(60, 4)
    x = np.hstack([data.points, np.ones((60, 2)), 1e6 * data.points[:, :2]])
    wide = DataSet.from_arrays(x, data.target)
    assert verify(Baum1988().build(wide), wide).certified


@pytest.mark.parametrize("options", [{"fill": 0.0}, {"fill": 1.5}, {"groupings": -1}])
def test_meaningless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        Baum1988(**options)
