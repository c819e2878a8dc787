"""The search for a width: where success is monotone it finds the least, with few attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rote.constructions._training.search import smallest_width


@given(least=st.integers(1, 300), guess=st.integers(-5, 400), most=st.integers(0, 300))
def test_the_least_width_is_found(least: int, guess: int, most: int) -> None:
    tried: list[int] = []

    def attempt(width: int) -> int | None:
        assert 1 <= width <= most
        tried.append(width)
        return width if width >= least else None

    assert smallest_width(attempt, guess, most) == (least if least <= most else None)
    assert len(tried) == len(set(tried))
    assert len(tried) <= 20


def test_a_good_guess_is_found_at_once() -> None:
    tried = []

    def attempt(width: int) -> int | None:
        tried.append(width)
        return width if width >= 50 else None

    assert smallest_width(attempt, 50, 100) == 50
    assert tried == [50, 49]
