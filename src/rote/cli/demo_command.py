"""``rote demo``: handwritten digits by heart, with true and with shuffled labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from rote.api.build import memorize_data
from rote.api.check import verify_data
from rote.cli.options import Json
from rote.cli.output import memo_json, out, print_json, print_memo
from rote.cli.progress import progress_bar
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
    report: list[dict[str, object]] = []
    paths: dict[str, tuple[Network, DataSet]] = {}
    certified = True
    for labels, data in _digits().items():
        for construction in ("auto", _DRAWN):
            with progress_bar() as progress:
                memo = memorize_data(data, construction=construction, progress=progress)
                memo = memo.replayed(progress=progress)
                written = memo.save(folder / f"{labels}-{memo.construction}.onnx")
                again = verify_data(written, data, progress=progress)
            certified = certified and memo.certificate.certified and again.certified
            report.append(
                {
                    "labels": labels,
                    "verified_from_file": again.certified,
                    **memo_json(memo, written),
                }
            )
            if construction == _DRAWN:
                paths[f"{labels} labels, {_DRAWN}"] = memo.network, data
            if not json:
                choice = "the smallest file" if construction == "auto" else construction
                out.rule(f"{labels} labels: {choice}", align="left")
                print_memo(memo, written)
                out.print(f"read back: {'certified' if again.certified else 'refused'}\n")
    figure = folder / "paths.png"
    draw_paths(paths, figure)
    if json:
        print_json({"networks": report, "figure": str(figure)})
    else:
        out.print(f"{figure}: the outputs of {_DRAWN} along the projection of the points")
    return 0 if certified else 1


def _digits() -> dict[str, DataSet]:
    digits = load_digits()
    X, y = digits.data.astype(np.uint8), digits.target
    shuffled = np.random.default_rng(0).permutation(y)
    return {"true": DataSet.from_arrays(X, y), "shuffled": DataSet.from_arrays(X, shuffled)}
