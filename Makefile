# Everything a developer or a newcomer types. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
SANDBOX_PORT ?= 8001
SECONDS ?= 600
# Most tests wait for servers, so three processes fill two cores; a file stays in one of them.
COVERAGE ?= --cov --cov-report=term:skip-covered
TOGETHER := -n 3 --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
READY := .venv/ready
LINTED := manage.py mobayilo accounts billing telephony sandbox cli_client/src dev deploy tests

.PHONY: help demo run test lint docs screenshots tables bench fuzz soak lock setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## play the whole journey: sign-up, device login, top-up, a billed call
	@$(BIN)/python -m dev.demo

run: setup ## serve for a person: web on PORT (8000), sandbox on SANDBOX_PORT (8001)
	@$(BIN)/python -m dev.run --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: setup ## run every test: all on PostgreSQL, with coverage, those marked db and the journeys also on SQLite
	$(BIN)/pytest $(TOGETHER) $(COVERAGE)
	TEST_DATABASE=sqlite $(BIN)/pytest $(TOGETHER) -m "db or journey"

lint: setup ## ruff, mypy --strict, djlint, Django's checks, no missing migration
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	ENV_FILE=tests/test.env $(BIN)/mypy $(LINTED)
	$(BIN)/djlint --check --lint --quiet templates || { $(BIN)/djlint --check templates | tail -40; exit 1; }
	ENV_FILE=tests/test.env $(BIN)/python manage.py check
	ENV_FILE=tests/test.env $(BIN)/python manage.py makemigrations --check --dry-run

docs: setup ## build the documentation, strictly, into var/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir var/site

screenshots: setup ## write every page in both themes and sizes to var/screenshots
	$(BIN)/python -m dev.screenshots

tables: setup ## rewrite the tables of the documentation that repeat the code
	ENV_FILE=tests/test.env DJANGO_SETTINGS_MODULE=mobayilo.settings $(BIN)/python -m dev.tables

bench: setup ## measure, side by side in one run; the table also goes to var/bench.json
	$(BIN)/python -m tests.bench

fuzz: setup ## send anything at all to every door for SECONDS (600), never the same twice
	$(BIN)/python -m dev.fuzz --seconds $(SECONDS)

soak: setup ## mixed traffic with faults for SECONDS (600), then the audits
	$(BIN)/python -m dev.soak --seconds $(SECONDS)

setup: $(READY)

$(READY): requirements-dev.txt cli_client/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e ./cli_client
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix tests/accounts/clients; \
	else echo "npm is not installed: the tests of two clients from npm are skipped"; fi
	@mkdir -p var
	@touch $(READY)

lock: setup ## compile pyproject.toml's ranges into the two requirements files
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header -o requirements-dev.txt pyproject.toml
