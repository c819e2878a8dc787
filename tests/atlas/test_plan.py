"""Plans: every construction has its row, and no promise is below what is possible."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rote.atlas.plan import QUANTITIES, plan_rows, within
from rote.bounds import Question
from rote.constructions import CATALOGUE
from rote.constructions._template import Template
from rote.data import Problem
from rote.errors import OptionError

IMAGES = Problem(60_000, 784, 10)


def test_the_rows_of_sixty_thousand_images() -> None:
    rows = {row.construction: row for row in plan_rows(IMAGES, Question(10))}
    assert set(rows) == set(CATALOGUE)
    yun = rows["yun2019-three-layer"]
    assert (yun.neurons, yun.parameters, yun.depth, yun.width) == (490, 61_766, 2, 250)
    # 60000 log2(10) = 199316 bits in 61766 numbers.
    assert yun.bits == 4
    # (2 m + 1)^2 + 2 > n holds first for m = 122 hard tanhs a layer.
    assert yun.least_width is not None
    assert (yun.least_width.value, yun.least_width.bound) == (122, "yun2019-product")
    zhang = rows["zhang2017"]
    assert zhang.least_width is not None
    assert zhang.least_width.value == 59_998
    assert rows["compact"].neurons is None
    assert rows["yun2019-residual"].least_width is None


def test_real_labels_need_as_many_parameters() -> None:
    rows = {r.construction: r for r in plan_rows(Problem(1000, 5, None, 3), Question(None))}
    least = rows["zhang2017"].least_parameters
    assert least is not None
    assert (least.value, least.bound) == (3000, "generic-labels")
    assert rows["baum1988"].refused == "takes class labels only"


@given(
    n=st.integers(1, 3000),
    d=st.integers(1, 200),
    classes=st.sampled_from([None, 2, 10]),
    separation=st.none() | st.floats(1e-3, 1),
)
@settings(max_examples=25, deadline=None)
def test_no_promise_is_below_what_is_possible(
    n: int, d: int, classes: int | None, separation: float | None
) -> None:
    for row in plan_rows(Problem(n, d, classes, 1, separation), Question(classes, separation)):
        for promised, least in (
            (row.width, row.least_width),
            (row.parameters, row.least_parameters),
        ):
            if promised is not None and least is not None:
                assert promised >= least.value - (promised == 0), row


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_rows_are_sorted(quantity: str) -> None:
    values = [
        getattr(row, quantity)
        for row in plan_rows(IMAGES, Question(10), quantity)
        if row.refused is None
    ]
    known = [v for v in values if v is not None]
    assert known == sorted(known)
    assert values[: len(known)] == known


def test_a_budget_keeps_what_fits_and_says_how_far() -> None:
    rows = plan_rows(Problem(1000, 10, 2), Question(2))
    kept = {row.construction: row for row in within(rows, {"neurons": 1000}, Problem(1000, 10, 2))}
    assert kept["zhang2017"].most_points == 1000
    # 2 ceil(n / 11) <= 1000.
    assert kept["bubeck2020-slabs"].most_points == 5500
    assert "hernandez2024" not in kept
    assert "compact" not in kept
    assert within(rows, {"neurons": 3}, Problem(1000, 10, 2)) == []


def test_unknown_quantities_are_refused() -> None:
    with pytest.raises(OptionError, match=r"quantity 'neuron'\. Did you mean 'neurons'"):
        plan_rows(IMAGES, Question(10), "neuron")
    with pytest.raises(OptionError, match="no quantity"):
        within([], {"bytes": 3}, IMAGES)


def test_a_new_construction_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, Template.theorem.key, Template)
    rows = {row.construction: row for row in plan_rows(Problem(1, 4, 2), Question(2))}
    assert rows["template"].parameters == 5
