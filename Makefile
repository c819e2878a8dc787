# `make demo` and `make test` set up everything they need in .venv; Python, pip and make suffice.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The package with the extras in the name of the stamp: .venv/.with-torch,test,lint.
RUN_STAMP := $(VENV)/.with-run
TEST_STAMP := $(VENV)/.with-torch,test,lint
DOCS_STAMP := $(VENV)/.with-docs

# Linear algebra on one thread: the tests fill the cores with processes, benchmarks count one core.
test bench oldest: export OMP_NUM_THREADS = 1
test bench oldest: export OPENBLAS_NUM_THREADS = 1

# Prints "numpy==2.0" for "numpy>=2.0", for every dependency of the library.
LOWER_BOUNDS := import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]).replace(">=", "=="))

.DEFAULT_GOAL := help
.PHONY: help demo test lint types docs bench oldest clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(RUN_STAMP) ## memorize the digits, certify, replay and draw, into demo/
	$(BIN)/rote demo

test: lint ## linters, types, contracts and all tests
	$(BIN)/python -m pytest -q -n 2 tests
	$(BIN)/python -m pytest -q README.md docs src # examples build on those before: one process

lint: $(TEST_STAMP) ## style, format, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS_STAMP) ## the documentation, with warnings as errors, into docs/_build/
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(TEST_STAMP) ## benchmarks and comparison scripts, results in benchmarks/results/
	$(BIN)/python benchmarks/build_floor.py
	$(BIN)/python benchmarks/certify_cost.py
	$(BIN)/python benchmarks/compact_table.py
	$(BIN)/python -m pytest -q benchmarks --benchmark-enable --benchmark-columns=min,median,rounds

oldest: ## the tests on the oldest allowed dependencies, in an environment of its own
	$(PYTHON) -m venv --clear build/oldest
	$(PYTHON) -c '$(LOWER_BOUNDS)' > build/oldest/constraints.txt
	build/oldest/bin/python -m pip install -q -c build/oldest/constraints.txt -e '.[torch,test]'
	build/oldest/bin/python -m pytest -q -n 2 -W ignore::DeprecationWarning tests

clean: ## remove all that the other targets make
	rm -rf $(VENV) build demo dist docs/_build benchmarks/results
	rm -rf .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# ---------------------------------------------------------------------------- the environment

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rote needs Python 3.11 or newer; name one with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): pyproject.toml | $(BIN)/pip
	@echo "Installing Rote into $(VENV) (a few minutes the first time) ..."
	@$(PIP_INSTALL) -e .
	@touch $@

$(TEST_STAMP) $(DOCS_STAMP): $(VENV)/.with-%: pyproject.toml | $(BIN)/pip
	@echo "Installing Rote with $* into $(VENV) (a few minutes the first time) ..."
	@$(PIP_INSTALL) -e '.[$*]'
	@touch $@
