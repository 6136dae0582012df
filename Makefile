# The daily verbs. `make run` and `make test` work on a fresh clone: they make their own environment.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MYPY := $(BIN)/mypy

.PHONY: help run test soak bench lint fmt docs lock clean

help: ## list the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Crossdock needs Python 3.11 or newer; '$(PYTHON)' is missing or older. Say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

# A lock file is whole, so nothing is resolved again: pip would take an extra of a pinned package for a wish of its own
# and ask for that package's newest release.
LOCKED := install -q --disable-pip-version-check --no-deps --require-hashes

# What is needed to run: pinned with hashes, then this checkout itself.
$(VENV)/.run: requirements/runtime.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies ..."
	@$(BIN)/python -m pip $(LOCKED) -r requirements/runtime.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What is needed to test: the same and the tools.
$(VENV)/.dev: requirements/dev.lock $(VENV)/.run
	@echo "Installing the locked tools ..."
	@$(BIN)/python -m pip $(LOCKED) -r requirements/dev.lock
	@touch $@

run: $(VENV)/.run ## start the hub with the sandbox partners, show live progress, keep serving (Ctrl-C ends it)
	@$(BIN)/crossdock demo $(ARGS)

test: $(VENV)/.dev ## set up what is needed and run every check
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report= -q $(ARGS)
	@$(BIN)/python -m coverage report --skip-covered --sort=cover --fail-under=85
	@$(BIN)/python -m coverage report --include='hub/model/*,hub/routing/*,hub/mapping/*' --fail-under=95 --format=total >/dev/null \
	  || { echo "coverage of hub/model, hub/routing and hub/mapping is under 95 %"; exit 1; }

soak: $(VENV)/.dev ## the long forms: hundreds of kills, long fuzzing; seeds are printed
	@CROSSDOCK_SOAK=1 $(BIN)/python -m pytest -n 2 -q -m soak --timeout 3600 $(ARGS)

bench: $(VENV)/.dev ## every benchmark, as ratios beside a floor measured in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/.dev ## style, types, layers, mapping files
	@$(BIN)/ruff format --check -q . || { echo "run: make fmt"; exit 1; }
	@$(BIN)/ruff check -q .
	@$(MYPY)
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 20

fmt: $(VENV)/.dev ## format the code
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

docs: $(VENV)/.dev ## write the generated reference pages anew, and build the site in build/docs
	@$(BIN)/python -m hub.mapping.canonical
	@$(BIN)/python -m hub.cli.reference
	@$(BIN)/crossdock mapping schema > docs/reference/mapping.schema.json
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs
	@echo "open build/docs/index.html"

lock: ## pin the newest allowed dependencies (needs uv)
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -p 3.11 --group build pyproject.toml -o requirements/runtime.lock
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -p 3.11 --group dev pyproject.toml -o requirements/dev.lock

clean: ## remove the environment and everything that can be made again
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov dist build
