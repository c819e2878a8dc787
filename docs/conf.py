"""Configuration of the documentation: Sphinx with MyST, the furo theme, proofs and citations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rote.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_HERE = Path(__file__).parent

project = "Rote"
author = "The Rote authors"
copyright = author
release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_proof",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "theorems/template.md"]

html_theme = "furo"
html_title = f"Rote {release}"
html_static_path: list[str] = []

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "smartquotes"]
myst_heading_anchors = 3

bibtex_bibfiles = ["refs.bib"]
bibtex_default_style = "alpha"
bibtex_reference_style = "author_year"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_mock_imports = ["torch"]  # only the names of its types are needed here
napoleon_google_docstring = True
napoleon_numpy_docstring = False

_KEYS = set(re.findall(r"^@\w+\{([^,]+),", (_HERE / "refs.bib").read_text(), re.MULTILINE))
_MATH = re.compile(r"\$([^$\n]+(?:\n[^$\n]+)*)\$")
_CODE = re.compile(r"(``.+?``|`[^`]+`)", re.DOTALL)
_CITATION = re.compile(r"(?<!\w)\[([a-z]+[0-9]+[a-z]*)\](?!_)")


def _write_as_rst(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turn the docstrings' ``$x$`` into mathematics and ``[yun2019]`` into a citation."""

    def cite(found: re.Match[str]) -> str:
        key = found.group(1)
        return f":cite:p:`{key}`" if key in _KEYS else found.group(0)

    text = _MATH.sub(lambda m: f":math:`{' '.join(m.group(1).split())}`", "\n".join(lines))
    text = "".join(  # |w| is a norm, not a substitution
        part if part.startswith("`") else part.replace("|", r"\|") for part in _CODE.split(text)
    )
    lines[:] = _CITATION.sub(cite, text).split("\n")


def setup(app: Sphinx) -> None:
    """Register the rewriting of docstrings."""
    app.connect("autodoc-process-docstring", _write_as_rst)
