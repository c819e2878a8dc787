"""Decode a parquet or arrow file into a plain arrow file, in a process of its own.

In a damaged file one wrong byte in a thousand makes the decoder ask for 2^61 bytes, which ends the
process, or panic on stderr. Run as a script, this ends a process that nobody misses, and says in
one line on stdout what an ordinary error is. :func:`decoded` starts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["DecodingError", "decoded"]


class DecodingError(Exception):
    """The file could not be decoded; the message is one line."""


@contextmanager
def decoded(path: Path) -> Iterator[Path]:
    """An arrow file, uncompressed and of sound structure, with the table of another file.

    Args:
        path: A parquet or arrow file.

    Yields:
        The path of the arrow file, which is removed at the end.

    Raises:
        DecodingError: The file cannot be decoded.
    """
    with tempfile.TemporaryDirectory(prefix="rote-") as folder:
        target = Path(folder) / "table.arrow"
        # -P: the modules beside this script must not hide those of the standard library.
        done = subprocess.run(
            [sys.executable, "-P", __file__, str(path.resolve()), str(target)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=False,
        )
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip().splitlines()
            raise DecodingError(said[0] if said else "its decoder gave up.")
        yield target


def main(source: str, target: str) -> int:
    """Decode one file.

    Args:
        source: The parquet or arrow file.
        target: Where the plain arrow file goes.

    Returns:
        0, or 1 after a line on stdout that says what is wrong.
    """
    import polars as pl

    try:
        with Path(source).open("rb") as file:
            start = file.read(6)
        with Path(source).open("rb") as file:  # a name could be taken for a pattern
            if start[:4] == b"PAR1":
                frame = pl.read_parquet(file)
            elif start == b"ARROW1":
                frame = pl.read_ipc(file)
            else:
                frame = pl.read_ipc_stream(file)
        frame.write_ipc(target, compression="uncompressed")
    except Exception as error:
        sys.stdout.write((str(error).splitlines() or [type(error).__name__])[0])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
