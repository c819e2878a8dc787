"""The documentation speaks of what there is: every command, every option, no other key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rote.bounds import BOUNDS
from rote.certify.certificate import DEFINITIONS
from rote.cli.app import app
from rote.constructions import CATALOGUE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "command-line.md").read_text()
COMMANDS = [name for name in app if not name.startswith("-")]


def section(command: str) -> str:
    """The page's text about one command."""
    _, _, rest = PAGE.partition(f"## rote {command}\n")
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command: str) -> None:
    text = section(command)
    assert text, f"docs/command-line.md has no section 'rote {command}'"
    for argument in app[command].assemble_argument_collection():
        for name in argument.names:
            if name.startswith("--") and name != "--json":
                assert f"`{name}" in text or f" {name} " in text, name


def test_every_documented_option_exists() -> None:
    known = {"--json", "--help", "--version"}
    for command in COMMANDS:
        for argument in app[command].assemble_argument_collection():
            known.update(argument.names)
    for option in re.findall(r"`(--[a-z-]+)", PAGE):
        assert option in known, option


def test_documented_commands_exist() -> None:
    assert set(re.findall(r"^## rote (\w+)$", PAGE, re.MULTILINE)) == set(COMMANDS)


def test_the_index_of_theorems_links_every_page() -> None:
    index = (ROOT / "docs" / "theorems" / "index.md").read_text()
    assert re.findall(r"^\| \[`(.+)`\]\(\1\.md\)", index, re.MULTILINE) == list(CATALOGUE)


def test_the_table_of_bounds_lists_every_bound() -> None:
    table = (ROOT / "docs" / "figures" / "bounds.md").read_text()
    assert re.findall(r"^\| `([a-z0-9-]+)`", table, re.MULTILINE) == list(BOUNDS)
    for bound in BOUNDS.values():
        assert f"`{bound.source}`" in table


@pytest.mark.parametrize("page", ["README.md", "docs/how-to-choose.md"])
def test_pages_for_choosing_name_only_what_there_is(page: str) -> None:
    keys = re.findall(r"`([a-z]+\d{4}(?:-[a-z-]+)?)`", (ROOT / page).read_text())
    assert keys
    assert set(keys) <= set(CATALOGUE)


@pytest.mark.parametrize("claim", DEFINITIONS)
def test_claims_are_defined_in_the_words_of_the_checker(claim: str) -> None:
    page = " ".join((ROOT / "docs" / "certificates.md").read_text().split())
    assert f"{claim} : {DEFINITIONS[claim]}" in page
