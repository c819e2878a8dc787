"""The capacity map agrees with what is said of single networks."""

from __future__ import annotations

import pytest

from rote.atlas.limits import limits
from rote.atlas.regions import map_regions
from rote.atlas.shape import shape_of_widths
from rote.bounds import Question
from rote.errors import OptionError
from rote.network import Activation
from rote.network.activation import RELU, TANH, THRESHOLD


@pytest.mark.parametrize("activation", [RELU, THRESHOLD, TANH], ids=str)
@pytest.mark.parametrize("classes", [2, None])
def test_both_sides_of_every_edge(activation: Activation, classes: int | None) -> None:
    n, question = 700, Question(classes)
    chart = map_regions(n, (6, 1), activation, question, most_depth=6, most_width=2000)
    assert chart.depths == (1, 2, 3, 4, 5, 6)
    for k, depth in enumerate(chart.depths):

        def at(width: int, depth: int = depth):  # type: ignore[no-untyped-def]
            return limits(shape_of_widths((6, *(width,) * depth, 1), activation), question)

        certain, some = chart.certain[k], chart.some[k]
        if certain is not None:
            assert at(certain.width).certain.points >= n
            below = at(certain.width - 1).certain if certain.width > 1 else None
            assert below is None or below.points < n
        if some is not None:
            assert at(some.width).first.points <= n
            assert at(some.width + 1).first.points > n
        most = chart.most[k]
        if most is not None:
            assert at(most.width).hopeless.points <= n
            assert some is not None
            assert most.width <= some.width
        conditional = chart.conditional[k]
        if conditional is not None:
            assert at(conditional.width).guaranteed[0].points >= n
            assert certain is None or conditional.width < certain.width


def test_depths_are_even_on_a_logarithmic_scale() -> None:
    chart = map_regions(50, (3, 1), THRESHOLD, Question(2), most_depth=200, most_width=60)
    assert chart.depths[:4] == (1, 2, 3, 4)
    assert chart.depths[-1] == 200
    assert len(chart.depths) < 30
    assert chart.certain[0] is not None
    assert chart.certain[0].width == 49


def test_meaningless_numbers_are_refused() -> None:
    with pytest.raises(OptionError, match="'n' must be at least 1, not 0"):
        map_regions(0, (3, 1), RELU, Question(2))
