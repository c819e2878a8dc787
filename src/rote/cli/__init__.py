"""The command line: thin commands over the library; it alone prints."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit code: 0 right, 1 no, 2 bad usage or input."""
    from rote.cli.app import run

    sys.exit(run(sys.argv[1:]))
