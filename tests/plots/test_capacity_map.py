"""The figure of the capacity map: written, named, coloured."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from rote.atlas.regions import Map, map_regions
from rote.bounds import Question
from rote.cli.app import run
from rote.errors import OptionError
from rote.network.activation import RELU
from rote.plots.capacity_map import draw_map


@pytest.fixture(scope="module")
def chart() -> Map:
    return map_regions(3000, (20, 1), RELU, Question(2), most_depth=40, most_width=5000)


def test_names_of_regions_and_theorems_stand_in_the_figure(chart: Map, tmp_path: Path) -> None:
    path = tmp_path / "map.svg"
    draw_map([chart], path, mark=(3, 100))
    text = path.read_text()
    for name in ("guaranteed", "open", "impossible"):
        assert f"<!-- {name}" in text, name
    for frontier in (chart.certain, chart.most):
        for edge in frontier:
            assert edge is None or f'id="{edge.key}"' in text, edge


def test_the_colours_are_those_of_the_regions(chart: Map, tmp_path: Path) -> None:
    draw_map([chart], tmp_path / "map.png")
    pixels = imread(tmp_path / "map.png")
    blue = [0x1F / 255, 0x6F / 255, 0xB4 / 255]
    share = (abs(pixels[..., :3] - blue).max(axis=2) < 0.01).mean()
    assert share > 0.2


def test_the_same_map_gives_the_same_bytes(chart: Map, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_map([chart, chart], tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_another_suffix_is_refused(chart: Map, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"ends in \.png or \.svg"):
        draw_map([chart], tmp_path / "map.pdf")


def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "map.svg"
    command = ["bounds", "5-30-30-1", "--labels", "binary", "--plot", str(path)]
    assert run([*command, "--n", "40"]) == 0
    assert path.stat().st_size > 1000
    assert "for 40 points" in capsys.readouterr().out
    assert run(command) == 2
    assert "--n" in capsys.readouterr().err
