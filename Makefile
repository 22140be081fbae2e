# The commands of the site; each sets up first what it needs and is quick when nothing changed.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
ROOMS := quantsite backtests trading risk portfolio marketdata users operations
BIN := .venv/bin

.PHONY: run setup dev test lint types check bench needs-python

run: needs-python ## set up and serve on 127.0.0.1:$PORT (8000)
	@exec $(PYTHON) scripts/bootstrap.py run

setup: needs-python ## install what the site needs, without starting it
	@$(PYTHON) scripts/bootstrap.py setup

dev: needs-python ## install what developing needs too
	@$(PYTHON) scripts/bootstrap.py dev

test: dev ## the whole suite, on every profile this machine can offer
	@$(BIN)/python scripts/test.py $(ARGS)

lint: dev ## format, style and import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: dev ## static types
	$(BIN)/mypy $(ROOMS)

check: lint types test ## exactly what CI runs

bench: dev ## benchmarks against the budgets of docs/performance.md
	@$(BIN)/python -m pytest tests/benchmarks -m bench -q -s -p no:randomly $(ARGS)

needs-python:
	@test -n "$(PYTHON)" || { echo "Quantsite cannot start: Python 3.11 is needed and no Python was found; install it (Debian and Ubuntu: apt install python3.11 python3.11-venv)." >&2; exit 1; }
