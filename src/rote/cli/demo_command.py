"""``rote demo``: handwritten digits by heart, with true and with shuffled labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from rote.api.build import memorize_data
from rote.api.check import verify_data
from rote.api.memo import Memo
from rote.cli.options import Json
from rote.cli.output import memo_json, out, print_json, print_memo
from rote.cli.progress import progress_bar
from rote.constructions import make
from rote.data import DataSet
from rote.network import Network
from rote.plots.path import draw_paths

__all__ = ["demo_command"]

_DRAWN = "yun2019-three-layer"


def demo_command(*, folder: Path = Path("demo"), json: Json = False) -> int:
    """Memorize scikit-learn's 1797 handwritten digits, certify, replay and draw.

    Args:
        folder: Where the networks, their certificates and the figure go.
        json: Print one JSON object.

    Returns:
        The exit code: 1 if a claim fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    report: dict[str, dict[str, object]] = {}
    paths: dict[str, tuple[Network, DataSet]] = {}
    certified = True
    for name, data in _digits().items():
        with progress_bar() as progress:
            memo = memorize_data(data, progress=progress).replayed(progress=progress)
            written = memo.save(folder / f"digits-{name}.onnx")
            again = verify_data(written, data, progress=progress)
        certified = certified and memo.certificate.certified and again.certified
        paths[f"{name} labels, {_DRAWN}"] = _network_to_draw(memo), data
        report[name] = memo_json(memo, written) | {"verified_from_file": again.certified}
        if not json:
            out.rule(f"{name} labels", align="left")
            print_memo(memo, written)
            out.print(f"read back from the file: {'certified' if again.certified else 'refused'}\n")
    figure = folder / "paths.png"
    draw_paths(paths, figure)
    if json:
        print_json({"runs": report, "figure": str(figure)})
    else:
        out.print(f"{figure}: the outputs along the projection of the points")
    return 0 if certified else 1


def _digits() -> dict[str, DataSet]:
    digits = load_digits()
    X, y = digits.data.astype(np.uint8), digits.target
    shuffled = np.random.default_rng(0).permutation(y)
    return {"true": DataSet.from_arrays(X, y), "shuffled": DataSet.from_arrays(X, shuffled)}


def _network_to_draw(memo: Memo) -> Network:
    """A network with a projection to draw along."""
    if memo.construction == _DRAWN:
        return memo.network
    return make(_DRAWN).build(memo.data)
