"""The figure of a comparison: every network by its name, promises as rings."""

from __future__ import annotations

from pathlib import Path

import pytest

from rote.api.compare import Compared
from rote.errors import OptionError
from rote.network import Size
from rote.plots.comparison import draw_comparison


def row(key: str, neurons: int) -> Compared:
    size = Size(depth=1, widths=(neurons,), neurons=neurons, parameters=3 * neurons)
    return Compared(key, None, 0.1, promised=Size(depth=1, neurons=2 * neurons), size=size)


def test_names_stand_in_both_panels(tmp_path: Path) -> None:
    rows = [row(f"key{k}", 9 + k // 3) for k in range(9)]  # crowded: some on one place
    draw_comparison([*rows, Compared("refused", "no", 0.0)], tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    for k in range(9):
        assert text.count(f'id="key{k}"') == 2
    assert "refused" not in text


def test_nothing_to_draw_is_an_empty_figure(tmp_path: Path) -> None:
    draw_comparison([], tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="a figure ends in"):
        draw_comparison([], tmp_path / "a.pdf")
