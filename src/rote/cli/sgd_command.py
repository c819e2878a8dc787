"""``rote sgd``: what stochastic gradient descent does from near a memorizer."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from rote.api.files import load
from rote.cli.options import Json, Label, TaskName, read_data
from rote.cli.output import out, print_json
from rote.cli.progress import progress_bar

__all__ = ["sgd_command"]


def sgd_command(
    network: Path,
    data: Path,
    /,
    *,
    label: Label = None,
    task: TaskName = "auto",
    epochs: int = 100,
    batch: int = 1,
    step: float | None = None,
    seed: int = 0,
    plot: Path | None = None,
    json: Json = False,
) -> int:
    """Perturb NETWORK over four decades, run SGD on DATA, and compare the risk with theory.

    Args:
        network: An ONNX or safetensors file with one output.
        data: A csv, parquet, arrow, npy or npz file.
        label: Label column, by name or number; by default the last. Several columns: a,b,c.
        task: Kind of labels; by default, fractions and several columns of numbers are real targets.
        epochs: Passes over the data.
        batch: Points in a mini-batch.
        step: Step size; by default 1 over the largest squared norm of a gradient.
        seed: Seed of the perturbation and of the order.
        plot: Draw the figure into this PNG or SVG file.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    from rote.optimize.near_memorizer import descend

    net, given = load(network), read_data(data, label, task)
    with progress_bar() as progress:
        run = descend(
            net, given, epochs=epochs, batch=batch, step=step, seed=seed, progress=progress
        )
    if plot is not None:
        from rote.plots.descent import draw_descent

        draw_descent(run, plot, title=network.name)
    if json:
        fields = ("radius", "risk", "distance", "parallel", "predicted", "eigenvalues")
        print_json(
            {name: getattr(run, name).tolist() for name in fields}
            | {"contraction": run.contraction, "step": run.step, "batch": run.batch}
        )
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("distance rho", "R / rho^2", "after 1 epoch", f"after {epochs}", "|xi| / rho"):
        table.add_column(heading, justify="right")
    for rho, risk, distance in zip(run.radius, run.risk, run.distance, strict=True):
        scaled = [f"{risk[k] / rho**2:.3g}" for k in (0, 1, -1)]
        table.add_row(f"{rho:.3g}", *scaled, f"{distance[-1] / rho:.3f}")
    first = [f"{run.predicted[k]:.3g}" for k in (0, 1, -1)]
    table.add_row("first order", *first, "")
    out.print(table)
    out.print(
        f"step {run.step:.3g}, batches of {run.batch}; an epoch shrinks the slowest error by "
        f"{1 - run.contraction:.2g} of itself"
    )
    if plot is not None:
        out.print(f"{plot}: the risk over rho^2, epoch by epoch")
    return 0
