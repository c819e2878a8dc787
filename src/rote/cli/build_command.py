"""``rote build``: a table in, a certified network out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from rote.api.build import ClaimName, Objective, memorize_data
from rote.api.files import check_target
from rote.cli.options import Json, Label, TaskName, read_data
from rote.cli.output import memo_json, out, print_json, print_memo
from rote.cli.progress import progress_bar
from rote.constructions import CATALOGUE
from rote.constructions.options import parse_option
from rote.errors import OptionError
from rote.typing import DType, Opset

__all__ = ["build_command"]


def build_command(
    data: Path,
    /,
    *,
    label: Label = None,
    task: TaskName = "auto",
    construction: str = "auto",
    dtype: DType | None = None,
    objective: Objective = "bytes",
    claim: ClaimName | None = None,
    options: Annotated[list[str] | None, Parameter(name="--set", negative="")] = None,
    seed: int = 0,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    opset: Opset | None = None,
    json: Json = False,
) -> int:
    """Build a network that reproduces every row of DATA, certify it, and write both.

    Args:
        data: A csv, parquet, arrow, npy or npz file.
        label: Label column, by name or number; by default the last. Several columns: a,b,c.
        task: Kind of labels; by default, fractions and several columns of numbers are real targets.
        construction: A key from `rote list`, or auto for the smallest certified network.
        dtype: Arithmetic of the network; by default float32 if that can be certified.
        objective: What auto makes smallest.
        claim: What must hold: portable (the default where it exists) or exact.
        options: An option of the construction as NAME=VALUE; may be repeated.
        seed: Seed of all randomness.
        output: Network file; by default DATA's name with .onnx, in this folder.
        opset: Version of the ONNX operators: 13 for any runtime, 21 for weights of four bits; by
            default 21 where that makes the file smaller by a fiftieth.
        json: Print one JSON object.

    Returns:
        The exit code.
    """
    values = _options(construction, options or [])
    target = output or Path(f"{data.stem or 'network'}.onnx")
    check_target(target)
    given = read_data(data, label, task)
    with progress_bar() as progress:
        memo = memorize_data(
            given,
            construction=construction,
            dtype=dtype,
            objective=objective,
            claim=claim,
            seed=seed,
            options=values,
            progress=progress,
        ).replayed(progress=progress)
        written = memo.save(target, opset=opset)
    if json:
        print_json(memo_json(memo, written))
        return 0
    print_memo(memo, written)
    if written != target:
        out.print(
            f"{written.suffix[1:]} instead of {target.suffix[1:]}: the network's integers do not "
            "fit float64, which ONNX would need"
        )
    return 0


def _options(construction: str, texts: list[str]) -> dict[str, Any]:
    if construction not in CATALOGUE:
        if texts:
            raise OptionError("--set belongs to a construction; name one with --construction KEY.")
        return {}
    return dict(parse_option(construction, CATALOGUE[construction], text) for text in texts)
