# Everything a developer or a newcomer types. `make help` lists it.
.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8000
SANDBOX_PORT ?= 8001
SECONDS ?= 600
# `make test ROOM=telephony` runs the tests of one room, `make test COVERAGE=--cov` measures what they reach.
ROOM ?=
COVERAGE ?=
# Most tests wait for servers, so six processes fill two cores: four on PostgreSQL, two on SQLite.
TOGETHER := --dist loadscope --no-loadscope-reorder
TESTS := $(if $(ROOM),tests/$(ROOM))
BIN := .venv/bin
LINTED := manage.py mobayilo accounts billing telephony sandbox cli_client/src dev deploy tests

# Where it is set, each of the hundred processes of a demo compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test test-hard lint docs screenshots tables bench fuzz soak machines lock setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/demo ## play the whole journey: sign-up, device login, top-up, a billed call
	@$(BIN)/python -m dev.demo

run: .venv/demo ## serve for a person: web on PORT (8000), sandbox on SANDBOX_PORT (8001)
	@$(BIN)/python -m dev.run --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: setup ## run every test on PostgreSQL, and beside it those marked db and the journeys on SQLite
	@trap 'kill -INT $$sqlite 2>/dev/null || true' EXIT; \
	TEST_DATABASE=sqlite $(BIN)/pytest -n 2 $(TOGETHER) -m "db or journey" $(TESTS) >var/test-sqlite.log 2>&1 & sqlite=$$!; \
	failed=0; $(BIN)/pytest -n 4 $(TOGETHER) $(COVERAGE) $(TESTS) || failed=$$?; \
	echo "On SQLite:"; wait $$sqlite || [ $$? = 5 ] || failed=1; cat var/test-sqlite.log; exit $$failed

test-hard: setup ## run every test three times, in any order, at any hour, beside two busy loops
	@$(BIN)/python -m dev.test_hard

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
	COURSES=10000 $(BIN)/python -m pytest tests/telephony/calls/test_courses.py -q -n auto

machines: ## play the README on bare Debian 12 and 13, or PARTS of it: demo, client, test, install
	@$(PYTHON) -m dev.machines $(PARTS)

setup: .venv/dev ## install everything that the other targets need

.venv/demo: requirements-demo.txt dev/uv.txt dev/setup.sh cli_client/pyproject.toml
	@PYTHON=$(PYTHON) dev/setup.sh demo

.venv/dev: requirements-dev.txt dev/uv.txt dev/setup.sh cli_client/pyproject.toml tests/accounts/clients/package-lock.json
	@PYTHON=$(PYTHON) dev/setup.sh dev

# Each set is compiled for every supported Python at once, with the versions of the smaller set.
COMPILE := $(BIN)/uv pip compile --quiet --system-certs --upgrade --universal --python-version 3.11 --generate-hashes --no-header

lock: setup ## take the newest releases that pyproject.toml allows, into the lock files
	echo uv | $(COMPILE) --no-annotate - -o dev/uv.txt
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --constraint requirements.txt --extra demo pyproject.toml cli_client/pyproject.toml -o requirements-demo.txt
	$(COMPILE) --constraint requirements-demo.txt --all-extras pyproject.toml cli_client/pyproject.toml -o requirements-dev.txt
	$(COMPILE) --no-annotate --constraint requirements-demo.txt cli_client/pyproject.toml -o cli_client/requirements.txt
