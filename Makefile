# What one does with this checkout. Each target sets up what it needs, says what it does, and does nothing twice.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
TEST_LIMIT := 960
POSTGRESQL_LIMIT := 2400
TIMED := tests/demo tests/server/test_register.py
UNTIMED := tests/spec tests/laws tests/inputs tests/exports tests/repository tests/mutation tests/shell tests/bench
INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE # each start of a worker would compile the whole program anew, 0.5 s
unexport SEED MS KEEP UNTIL TESTS PART ONLY AGAIN HISTORIES BESIDE FULL SECONDS ROWS TRIAL JSON

.PHONY: help setup demo up test test-postgresql replay check bench chaos chaos-full fuzz format coverage mutate rules edits pin clean

help: ## list these targets
	@echo "make TARGET, where TARGET is one of:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

setup: $(DEVELOPMENT) ## virtual environment with everything, pinned by hash
	@echo "setup: .venv is ready"

demo: $(RUNTIME) ## the whole trial, simulated (SEED=n, MS=milliseconds a day, KEEP=1 keeps the UI, UNTIL=date leaves mid-trial)
	@echo "demo: the trial on a real Temporal server"
	@python starter.py demo $(if $(SEED),--seed $(SEED)) $(if $(MS),--ms $(MS)) $(if $(UNTIL),--until $(UNTIL)) $(if $(filter-out 0,$(KEEP)),--keep)

up: $(RUNTIME) ## Temporal server, UI and worker until Ctrl-C (SEED=surgery: with a patient waiting for surgery)
	@echo "up: server and worker, Ctrl-C stops both"
	@python starter.py up $(if $(SEED),--seed $(SEED))

test: $(DEVELOPMENT) ## all tests
	@echo "test: all tests, about 12 minutes on 2 cores"
	@timeout --foreground --signal=INT --kill-after=30 $(TEST_LIMIT) bash -c '\
	    trap "kill 0" INT TERM; status=0; \
	    echo "test: two at a time on real servers; the rest beside them, at the lowest priority"; \
	    nice -n 19 bash -c "python -m pytest -q $(UNTIMED); tested=\$$?; $(or $(BESIDE),true) && exit \$$tested" \
	        > $(VENV)/untimed.txt 2>&1 & untimed=$$!; \
	    python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(TIMED) $(UNTIMED)) tests || status=1; \
	    wait $$untimed || status=1; cat $(VENV)/untimed.txt; \
	    echo "test: what is held to a time, one at a time"; \
	    python -m pytest $(TIMED) || status=1; exit $$status'

test-postgresql: $(DEVELOPMENT) ## tests of server and journal with every journal in PostgreSQL
	@echo "test-postgresql: tests/server, tests/activities, tests/read_models"
	@TRIALPATH_TESTS_ON=postgresql timeout --foreground --signal=INT --kill-after=30 $(POSTGRESQL_LIMIT) \
	    python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/server tests/activities tests/read_models

replay: $(RUNTIME) ## replay every stored history with this program, before a release (HISTORIES=folder: an installation's too)
	@echo "replay: tests/replay/histories$(if $(HISTORIES), and $(HISTORIES))"
	@python starter.py replay tests/replay/histories $(if $(HISTORIES),"$(HISTORIES)")

check: $(DEVELOPMENT) ## format, lint, types, imports, then the tests (TESTS=0: without them)
	@echo "check: format"
	@ruff format --check --quiet .
	@echo "check: lint"
	@ruff check --quiet .
	@echo "check: types"
	@mypy --strict --no-error-summary .
	@echo "check: import contracts"
	@lint-imports --no-logo --no-cache > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }
ifeq ($(TESTS),0)
	@echo "check: done; no tests were run (TESTS=0)"
else
	@$(MAKE) test
	@echo "check: done"
endif

bench: $(DEVELOPMENT) ## measurements beside the bare Temporal floor and DBOS, into docs/benchmarks.md
	@echo "bench: measuring, 45 minutes on 2 cores; more by itself: python -m bench --help"
	@python -m bench all

fuzz: $(DEVELOPMENT) ## bad input by every channel, about 10 minutes (FULL=1: as before a release; SEED=n, SECONDS=n)
	@echo "fuzz: one installation of its own; what did harm stands in data/fuzz/fuzz.json"
	@python -m fuzz $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(filter-out 0,$(FULL)),--full)

chaos: $(DEVELOPMENT) ## break everything in turn, and check (SEED=n, ROWS=F1,F3, TRIAL=k repeats one, JSON=file)
	@echo "chaos: ten minutes on 2 quiet cores"
	@python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(ROWS),--rows $(ROWS)) $(if $(TRIAL),--trial $(TRIAL)) $(if $(JSON),--json $(JSON))

chaos-full: $(DEVELOPMENT) ## all trials, outages of a minute (PART=n: one part, at most an hour; without PART: the parts)
	@echo "chaos-full: $(if $(PART),part $(PART),the parts are)"
	@python -m chaos --full $(if $(PART),--part $(PART)) $(if $(SEED),--seed $(SEED)) $(if $(ROWS),--rows $(ROWS)) $(if $(JSON),--json $(JSON))

format: $(DEVELOPMENT) ## write the format and the safe fixes
	@echo "format: ruff"
	@ruff format .
	@ruff check --fix .

coverage: $(DEVELOPMENT) ## branch coverage of domain/ by the tests that need no server
	@echo "coverage: branches of domain/"
	@python -m pytest -q --cov --cov-report=term-missing tests/spec tests/laws

mutate: $(DEVELOPMENT) ## mutation testing (PART=criteria: one part, at most 60 minutes; without PART: the parts)
	@echo "mutate: $(if $(PART),$(PART) against tests/spec,the parts are)"
	@python -m mutation $(PART) $(if $(ONLY),--only $(ONLY)) $(if $(filter-out 0,$(AGAIN)),--again) $(if $(TESTS),--tests $(TESTS))

rules: $(DEVELOPMENT) ## break 30 clinical rules one by one: at least 29 must be noticed (ONLY=T4: some)
	@echo "rules: each broken in a copy, then the tests that fit it"
	@python -m mutation rules $(if $(ONLY),--only $(ONLY))

edits: $(DEVELOPMENT) ## make 20 illegal edits of the shell one by one: at least 19 must be noticed (ONLY=timer: some)
	@echo "edits: each in a copy, then the replay of the golden histories and the tests of the shell"
	@python -m mutation edits $(if $(ONLY),--only "$(ONLY)")

pin: ## write the pinned requirements again (needs pip-tools 7.6.2 on PATH)
	@command -v pip-compile > /dev/null || { echo "pin: pip-compile is missing: install pip-tools 7.6.2" >&2; exit 1; }
	@for name in requirements requirements-dev; do \
	    echo "pin: $$name.txt"; \
	    pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host \
	        --no-emit-find-links --output-file $$name.txt $$name.in; \
	done

clean: ## remove the virtual environment and caches; data/ stays
	@echo "clean: .venv and caches"
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@command -v python3 > /dev/null || { echo "setup: python3 (3.11 or later) is missing" >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "setup: python3 is $$(python3 -V), 3.11 or later is needed" >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2> /dev/null \
	    || { echo "setup: python3 cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "setup: making the virtual environment .venv"
	@python3 -m venv --clear $(VENV)

$(RUNTIME): requirements.txt | $(VENV)/bin/python
	@echo "setup: installing what the product needs (requirements.txt), Temporal server included"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt | $(VENV)/bin/python
	@echo "setup: installing product, tests and checks (requirements-dev.txt), Temporal servers included"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(RUNTIME)
