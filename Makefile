# `make help` lists what there is. Needs Python 3.11 or newer, git and make; everything else is brought into this folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench

PYTHON ?= python3
PORT ?= 8000
UV := $(or $(shell command -v uv),.uv/bin/uv)
READY := .venv/.ready

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(READY) ## A whole programme on this machine, with invented people; PORT=8000 moves it
	.venv/bin/shipments demo --port $(PORT)

test: $(READY) node browser ## Every test, on SQLite and on a PostgreSQL of its own; ARGS='-k box' for some
	.venv/bin/pytest -n auto --dist loadfile $(ARGS)

check: $(READY) ## Style, types, layers, and migrations that say what the tables say
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	for step in "upgrade head" check "downgrade base"; do \
		.venv/bin/alembic -x "database=sqlite:///$$folder/check.sqlite3" $$step; \
	done

bench: $(READY) ## Our times beside the machine's limits, measured in the same run
	.venv/bin/python -m tests.bench

$(READY): pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --compile-bytecode
	@touch $@

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; '$(PYTHON)' is older or missing. Try make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "This Python cannot make virtual environments: install its venv package (Debian: python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv

.PHONY: node
node:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.ready; \
	else echo "npm is not here: the checks that run in Node are left out (see 'skipped' below)"; fi

.PHONY: browser
browser:
	@if [ -n "$${SHIPMENTS_TEST_BROWSER:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 || \
		echo "Chromium could not be installed: the browser tests are left out (see 'skipped' below)"; \
	else echo "Chromium is not here: the browser tests are left out (see 'skipped' below)"; fi

node_modules/.ready: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
