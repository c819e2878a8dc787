"""Generated data sets: sizes, labels, shapes in space, and the same bytes for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rote.data.generate import NAMES, generate
from rote.errors import OptionError


@given(
    st.sampled_from(NAMES),
    st.integers(1, 60),
    st.integers(2, 40),
    st.one_of(st.none(), st.integers(1, 7)),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_sizes_and_labels(
    name: str, n: int, d: int, classes: int | None, outputs: int, seed: int
) -> None:
    data = generate(name, n, d, classes=classes, outputs=outputs, seed=seed)
    assert (data.n, data.d, data.merged) == (n, d, 0)
    if classes is None:
        assert data.outputs == outputs
    else:
        assert data.classes == min(classes, n)
        assert data.codes is not None
        counts = np.bincount(data.codes)
        assert counts.max() - counts.min() <= 1
    again = generate(name, n, d, classes=classes, outputs=outputs, seed=seed)
    assert again.digest == data.digest


@pytest.mark.parametrize("name", NAMES)
def test_seeds_and_one_feature(name: str) -> None:
    n = 2 if name == "sphere" else 300
    data = generate(name, n, 1, classes=3, seed=1)
    assert data.n == n
    if name not in {"sphere", "grid"}:
        assert data.digest != generate(name, n, 1, classes=3, seed=2).digest


def test_shapes_in_space() -> None:
    sphere = generate("sphere", 50, 8).points
    assert np.linalg.norm(sphere, axis=1) == pytest.approx(1.0)
    assert generate("grid", 6, 2).points.tolist() == [
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 2],
    ]
    assert generate("integers", 100, 2).points.max() < 40
    line = generate("collinear", 9, 3)
    assert np.array_equal(line.points, np.arange(1, 10)[:, None] * line.points[0])
    assert line.codes is not None
    assert line.codes.tolist() == [0, 1] * 4 + [0]
    real = generate("collinear", 9, 3, classes=None).targets
    assert real is not None
    assert np.all(real[1:] != real[:-1])
    assert np.array_equal(real[2:], real[:-2])


def test_clusters_gather_around_their_centres() -> None:
    data = generate("clusters", 400, 20, classes=4)
    assert data.codes is not None
    centres = np.array([data.points[data.codes == c].mean(axis=0) for c in range(4)])
    distances = np.linalg.norm(data.points[:, None] - centres, axis=2)
    assert np.array_equal(distances.argmin(axis=1), data.codes)


@pytest.mark.parametrize(
    ("name", "options", "rule"),
    [
        ("gausian", {}, "There is no data set 'gausian'. Did you mean 'gaussian'?"),
        ("grid", {"n": 0}, "n must be at least 1, not 0."),
        ("grid", {"d": 0}, "d must be at least 1, not 0."),
        ("grid", {"classes": 0}, "classes must be at least 1, not 0."),
        ("grid", {"classes": None, "outputs": 0}, "outputs must be at least 1, not 0."),
        ("sphere", {"d": 1}, "n must be at most 2 for unit vectors with one feature, not 5."),
    ],
)
def test_bad_options(name: str, options: dict[str, int | None], rule: str) -> None:
    with pytest.raises(OptionError) as caught:
        generate(name, **{"n": 5, "d": 2, **options})  # type: ignore[arg-type]
    assert str(caught.value) == rule
