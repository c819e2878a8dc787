"""Runs the examples in README, documentation and docstrings as tests."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from contextlib import ExitStack, chdir
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from typing import Any

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

_FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE
_ROTE = [sys.executable, "-c", "from rote.cli import main; main()"]


def _run_console(example: Example) -> str | None:
    """Run each line ``$ rote ...``; compare what it prints where the example shows output."""
    for command in str(example.parsed).split("$ ")[1:]:
        line, _, expected = command.partition("\n")
        program, *arguments = shlex.split(line, comments=True)
        if program != "rote":
            continue
        done = subprocess.run([*_ROTE, *arguments], capture_output=True, text=True, check=False)
        printed = done.stdout + done.stderr
        if done.returncode != 0:
            return f"`{line}` ended with exit code {done.returncode}:\n{printed}"
        if expected.strip() and not OutputChecker().check_output(expected, printed, _FLAGS):
            return f"`{line}` printed\n{printed}\ninstead of\n{expected}"
    return None


def _enter_empty_folder(namespace: dict[str, Any]) -> None:
    """Let each document write files without leaving any behind."""
    stack = ExitStack()
    stack.enter_context(chdir(stack.enter_context(tempfile.TemporaryDirectory())))
    namespace["_leave"] = stack.close


def _leave_folder(namespace: dict[str, Any]) -> None:
    namespace["_leave"]()


_pages = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=_FLAGS),
        CodeBlockParser(language="console", evaluator=_run_console),
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    setup=_enter_empty_folder,
    teardown=_leave_folder,
)
_docstrings = Sybil(parsers=[DocTestParser(optionflags=_FLAGS)], patterns=["src/rote/*.py"])

pytest_collect_file = (_pages + _docstrings).pytest()
