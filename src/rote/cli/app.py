"""The list of commands, and what becomes of their errors. Commands are imported when called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import cyclopts
from cyclopts import App

from rote.version import __version__

__all__ = ["app", "run"]

app = App(
    name="rote",
    help="Build neural networks that know a finite data set by heart, and prove it.",
    version=__version__,
    version_flags=["--version"],
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for _name, _help in {
    "build": "Build a network that reproduces every row of a table, and certify it.",
    "verify": "Check a network against data: exit 0 if every row is right, else 1.",
    "list": "List the constructions.",
    "show": "Describe a network file.",
    "bounds": "Say how many points a network is sure to memorize, and can never memorize.",
    "plan": "List what every construction promises for data of a size, and what fits a budget.",
    "compare": "Build and certify a table's network by every construction, and compare sizes.",
    "probe": "Count how many labels a network can reach near its own weights.",
    "sgd": "Run SGD from near a network that memorizes, and compare with theory.",
    "demo": "Memorize handwritten digits with true and with shuffled labels.",
}.items():
    app.command(f"rote.cli.{_name}_command:{_name}_command", name=_name, help=_help)


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: The words after ``rote``.

    Returns:
        The exit code.
    """
    as_json = "--json" in arguments
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
    except cyclopts.CycloptsError as error:
        return _fail(" ".join(str(error).split()) + _meant(error), 2, as_json)
    except KeyboardInterrupt:
        return _fail("interrupted; no file is half-written", 130, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _fail("not enough memory for a network of this size on these data", 2, as_json)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 2, as_json)
    except Exception as error:
        from rote.errors import CertificationError, PrecisionError, RoteError

        if not isinstance(error, RoteError):
            raise
        code = 1 if isinstance(error, PrecisionError | CertificationError) else 2
        return _fail(str(error), code, as_json)
    return code if isinstance(code, int) else 0


def _meant(error: cyclopts.CycloptsError) -> str:
    """How an option of a construction is written, where one was given as one of the command."""
    if not isinstance(error, cyclopts.UnknownOptionError):
        return ""
    from rote.constructions import CATALOGUE
    from rote.constructions.options import describe_options

    name = str(error.token.keyword).lstrip("-").replace("-", "_")
    if any(name in describe_options(kind) for kind in CATALOGUE.values()):
        return f" An option of a construction is given as --set {name}=VALUE."
    return ""


def _fail(message: str, code: int, as_json: bool) -> int:
    """One line on stderr; with ``--json`` an object on stdout as well."""
    print(f"rote: {message}", file=sys.stderr)
    if as_json:
        from rote.cli.output import print_json

        print_json({"error": message, "exit": code})
    return code
