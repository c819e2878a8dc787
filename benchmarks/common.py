"""What the benchmark scripts share: timing, memory, a table on the screen and a JSON file."""

from __future__ import annotations

import json
import os
import platform
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rote.version import __version__

RESULTS = Path(__file__).parent / "results"


def fastest(
    job: Callable[[], object], *, repeats: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds of the fastest of several runs, which other work on the machine disturbs least."""
    seconds = []
    for _ in range(repeats):
        start = clock()
        job()
        seconds.append(clock() - start)
    return min(seconds)


def peak_bytes(job: Callable[[], object]) -> int:
    """The most memory that the job holds at once, beyond what was held before; arrays included."""
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def report(name: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a table and write them to ``results/NAME.json``.

    Args:
        name: Name of the benchmark.
        columns: Heading of each column by its key in the rows.
        rows: The results; a missing value or None is shown as a dash.
    """
    table = Table(box=None, pad_edge=False)
    for heading in columns.values():
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(_text(row.get(key)) for key in columns))
    Console(width=max(100, Console().width)).print(table)

    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "numpy": version("numpy"),
        "rote": __version__,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps({"machine": machine, "rows": list(rows)}, indent=2) + "\n")
    unfinished.replace(path)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
