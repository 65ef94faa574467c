# The way in: `make setup`, `make run`, `make test`. Needs Python >= 3.11 and make, nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UPGRADE ?= --upgrade
# One more than there are processors: some tests wait for servers, beats and time-outs.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
VENV := .venv
BIN := $(VENV)/bin
VENDOR := src/hms/web/static/vendor
FONTS := src/hms/gateways/fonts
VENDORED := $(VENDOR)/htmx.min.js
LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
# Whatever the machine's habits, keep compiled modules: the tests start Python some fifty times.
unexport PYTHONDONTWRITEBYTECODE
CHECKED := src tests tools assets/build.py infra/lambda $(wildcard benchmarks)

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

# --- Setting up: each stamp stands for one finished step, so a second run does nothing.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed (make PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.locked: requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	@mkdir -p src/hms
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENDORED): assets/package.json assets/package-lock.json assets/build.py $(VENV)/.locked
	$(BIN)/python assets/build.py
	@touch $@

.PHONY: setup
setup: $(VENV)/.installed $(VENDORED) ## Make .venv from the lock, install hms in it, build the page assets

.PHONY: services
services: setup ## Find PostgreSQL, Redis and Chromium for the tests, or install them
	@$(BIN)/python -m tools.services

# --- Using it.

.PHONY: run
run: setup ## Start HMS with a demo hospital (ARGS="..." go to `hms up`)
	$(BIN)/hms up --demo $(ARGS)

.PHONY: bench
bench: setup ## Measure (ARGS="..." go to the benchmarks)
	$(BIN)/python -m benchmarks $(ARGS)

# --- Checking it.

.PHONY: test
test: check services ## Run all checks and the everyday tests (ARGS="..." go to pytest)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope $(ARGS)

.PHONY: test-nightly
test-nightly: check services ## Run all checks and every test, the long ones included
	$(BIN)/python -m pytest -m "nightly or not nightly" $(ARGS)

.PHONY: check
check: lint types floors ## Run the checks that run no code: lint, types, floors, test tree

.PHONY: lint
lint: setup ## Lint, and look for tests that never run or assert nothing
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/python -m tools.testtree tests

.PHONY: types
types: setup
	$(BIN)/mypy $(CHECKED)

.PHONY: floors
floors: setup
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: setup ## Format the code and mend what the linter can mend
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

# --- Keeping it.

.PHONY: lock
lock: lock-python lock-assets ## Lock the newest dependencies (UPGRADE= keeps what is locked, and adds what is new)

.PHONY: lock-python
lock-python: $(BIN)/python
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) $(UPGRADE) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml $(LOCK_FLAGS) $(UPGRADE) --group dev \
		--constraint requirements.lock --output-file requirements-dev.lock

.PHONY: lock-assets
lock-assets: $(VENV)/.locked ## Lock the page assets after a change of assets/package.json, and build them
	$(BIN)/python assets/build.py --lock

.PHONY: catalogues
catalogues: setup ## Bring the catalogues of translations up to date with the texts, and say what is untranslated
	$(BIN)/python -m tools.catalogues $(ARGS)

.PHONY: clean
clean: ## Remove whatever was made, the .venv too; keep var/
	rm -rf $(VENV) $(VENDOR) $(FONTS) build dist assets/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
