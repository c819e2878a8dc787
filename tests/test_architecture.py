"""Rules of the project that no linter knows: layers, registrations, files, imports.

A rule is checked over the files that exist, so that a new file is held to it without being named.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

import rote
from rote.cli.app import app
from rote.constructions import CATALOGUE

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "rote"
DOCS = ROOT / "docs"

LONGEST_FILE = 400
"""Lines. Most files stay well under 300; one that nears this holds more than one idea."""

NEVER_IMPORTED = {
    "cyclopts",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "polars",
    "rich",
    "sklearn",
    "torch",
}
"""Libraries that ``import rote`` must not bring in: slow to load, or optional."""

PUBLIC = {
    "capacity_curve",
    "Certificate",
    "Memo",
    "__version__",
    "bounds",
    "compare",
    "constructions",
    "errors",
    "memorize",
    "plan",
    "probe",
    "verify",
}

SHARED = {"options"}
"""Files of ``constructions`` that hold no theorem and serve them all."""

ANSWERS_THROUGH_STDOUT = {SOURCE / "data" / "decode.py"}
"""Programs of their own, whose parent process reads what they write."""


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def python_files() -> list[Path]:
    folders = (ROOT / "src", ROOT / "tests", ROOT / "benchmarks")
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def theorem_files() -> list[Path]:
    """The files of ``constructions`` that hold a theorem: all but the private and shared ones."""
    files = sorted((SOURCE / "constructions").glob("*.py"))
    return [p for p in files if p.name[0] != "_" and p.stem not in SHARED]


def bibliography() -> set[str]:
    return set(re.findall(r"^@\w+\{([^,]+),", (DOCS / "refs.bib").read_text(), re.MULTILINE))


def theorem_pages() -> set[str]:
    return {p.stem for p in (DOCS / "theorems").glob("*.md")} - {"index", "template"}


# Imports.


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_theorem_files_never_import_one_another() -> None:
    theorems = {f"rote.constructions.{p.stem}" for p in theorem_files()}
    graph = grimp.build_graph("rote", cache_dir=None)
    for importer in theorems:
        shared = graph.find_upstream_modules(importer) & theorems
        assert not shared, f"{importer} depends on {sorted(shared)}; share a gadget instead."


def test_importing_rote_is_light() -> None:
    program = "import json, sys, rote; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & NEVER_IMPORTED


def test_the_public_names_are_pinned() -> None:
    """``__init__.py`` holds imports of the form ``from x import y as y``, and their list."""
    docstring, *imports, names = ast.parse((SOURCE / "__init__.py").read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(names, ast.Assign)
    imported = []
    for statement in imports:
        assert isinstance(statement, ast.ImportFrom)
        assert all(alias.asname == alias.name for alias in statement.names)
        imported += [alias.name for alias in statement.names]
    assert set(imported) == set(rote.__all__) == PUBLIC
    assert all(hasattr(rote, name) for name in PUBLIC)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("__init__.py")), ids=lambda p: p.parent.name)
def test_a_package_says_what_it_is(path: Path) -> None:
    assert len(ast.get_docstring(ast.parse(path.read_text())) or "") > len("A package.")


# Files.


@pytest.mark.parametrize("path", python_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_holds_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_the_library_never_prints(path: Path) -> None:
    if path.is_relative_to(SOURCE / "cli") or path in ANSWERS_THROUGH_STDOUT:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            stream = f"{node.value.id}.{node.attr}"
            assert stream not in {"sys.stdout", "sys.stderr"}, f"line {node.lineno}"


# Registrations.


@pytest.mark.parametrize("path", theorem_files(), ids=lambda p: p.stem)
def test_a_theorem_file_is_in_the_catalogue(path: Path) -> None:
    listed = {construction.__module__ for construction in CATALOGUE.values()}
    assert f"rote.constructions.{path.stem}" in listed


@pytest.mark.parametrize("key", CATALOGUE)
def test_a_construction_is_registered_everywhere(key: str) -> None:
    construction = CATALOGUE[key]
    theorem = construction.theorem
    assert theorem.key == key
    assert theorem.source in bibliography(), "no entry in docs/refs.bib"
    assert key in theorem_pages(), f"no page docs/theorems/{key}.md"
    assert f"[{theorem.source}]" in (sys.modules[construction.__module__].__doc__ or "")
    module = construction.__module__.rpartition(".")[2]
    assert (ROOT / "tests" / "constructions" / f"test_{module}.py").is_file()


def test_every_theorem_page_belongs_to_a_construction() -> None:
    assert theorem_pages() == set(CATALOGUE)


@pytest.mark.parametrize("key", CATALOGUE)
def test_a_theorem_page_states_the_theorem(key: str) -> None:
    page = (DOCS / "theorems" / f"{key}.md").read_text()
    theorem = CATALOGUE[key].theorem
    assert f"`{key}`" in page
    assert f"{{cite:t}}`{theorem.source}`" in page
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    template = (DOCS / "theorems" / "template.md").read_text()
    assert headings == re.findall(r"^## (.+)$", template, re.MULTILINE)


def test_citations_in_docstrings_have_an_entry() -> None:
    citation = re.compile(r"\[((?:[a-z]+\d{4}[a-z]*)|ieee754)\]")
    for path in source_files():
        for key in citation.findall(path.read_text()):
            assert key in bibliography(), f"{path.relative_to(ROOT)} cites {key}"


def test_bibliography_keys_are_unique() -> None:
    keys = re.findall(r"^@\w+\{([^,]+),", (DOCS / "refs.bib").read_text(), re.MULTILINE)
    assert len(keys) == len(set(keys))


# Public papers.


def test_the_version_is_the_same_everywhere() -> None:
    version = rote.__version__
    assert app.version == version
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
