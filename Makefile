# What a developer does, one target each. scripts/setup.sh prepares what a target needs.

PORT ?= 8000
# Processes that run tests side by side; 0: none but pytest's own.
TEST_WORKERS ?= 2
# How long `make faults` runs, and from which seed (a random one without).
MINUTES ?= 30
SEED ?=
# How many cases `make fuzz` tries, of each kind.
CASES ?= 100000
# More arguments: make test ARGS="-k order", make bench ARGS=--help.
ARGS ?=

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check format translations bench faults fuzz lock audit

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup:  ## the environment and all packages in .venv
	@scripts/setup.sh dev

run:  ## everything, on http://localhost:8000 (another port: make run PORT=8001)
	@scripts/setup.sh run
	@PORT="$(PORT)" exec $(BIN)/python -m scripts.dev

test:  ## all tests (some of them: make test ARGS="-k order")
	@scripts/setup.sh test
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup $(ARGS)

check: export DJANGO_DEBUG = 1
check:  ## lint, format, types, import contracts, templates, Django's own checks
	@scripts/setup.sh dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive manage.py chat chatbot_project inference_worker
	$(BIN)/python -W error manage.py check
	$(BIN)/python -W error manage.py makemigrations --check --dry-run

format:  ## bring the code into its format
	@scripts/setup.sh dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations:  ## find new words of the pages, update and compile locale/
	@scripts/setup.sh dev
	@$(BIN)/python -m scripts.translations

bench:  ## the benchmarks
	@scripts/setup.sh dev
	$(BIN)/python -m bench $(ARGS)

faults:  ## random kills and restarts for a while, then all promises checked (make faults MINUTES=30 SEED=7)
	@scripts/setup.sh test
	$(BIN)/python -m tests.faults --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz:  ## generated frames, prompts and API calls, as many as you like (make fuzz CASES=1000000)
	@scripts/setup.sh test
	FUZZ_CASES=$(CASES) $(BIN)/python -m pytest tests/fuzz --timeout 0 --show-capture no $(ARGS)

lock:  ## write requirements.lock anew, after a change of requirements.txt
	@scripts/setup.sh dev
	@$(BIN)/python -m scripts.lock

audit:  ## ask a public database for known weaknesses of the packages; needs the internet, so it is no part of check
	@scripts/setup.sh dev
	@[ -x var/audit/bin/pip-audit ] || { $(BIN)/python -m venv var/audit && var/audit/bin/pip install -q pip-audit==2.10.1; }
	var/audit/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip
