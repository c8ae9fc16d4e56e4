SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test check bench crash lock

# Every start reads some hundred modules: compiled once, not each time, whatever the machine has set.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
# Prints one line for each package as it arrives; what goes wrong is printed whole.
ARRIVALS := sed -un -e 's/^Collecting \([^ ;]*\).*/  \1/p' -e 's,^Processing [^ ]*/\([^ /]*\).*,  \1,p' -e 's/^Installing collected.*/  putting them in place/p'
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --custom-compile-command "make lock" $(UPGRADE)

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: .venv/demo.stamp  ## Make .venv with the bot and its workbench, as locked

demo: .venv/demo.stamp  ## Start the bot with a local Slack and a local lake on this machine
	@$(BIN)/runbook-bot demo $(ARGS)

test: check  ## Everything `make check` does, then all tests
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal $(ARGS)

check: .venv/dev.stamp  ## Lint, types, import contracts and the runbooks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/runbook-bot check && $(BIN)/runbook-bot prompts check

bench: .venv/dev.stamp  ## Measure the bot beside a bare Bolt app, as ratios
	$(BIN)/python -m bench $(ARGS)

crash: .venv/dev.stamp  ## Kill the bot at every step boundary, on SQLite and on PostgreSQL
	CRASH=full $(BIN)/python -m pytest -m crash $(ARGS)

lock: .venv/dev.stamp  ## Resolve requirements/*.txt anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(PIP_INSTALL) --quiet --group lock
	$(LOCK) --group pyproject.toml:build --output-file requirements/build.txt
	$(LOCK) pyproject.toml --extra demo --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra demo --constraint requirements/dev.txt --output-file requirements/demo.txt
	$(LOCK) pyproject.toml --constraint requirements/dev.txt --output-file requirements/run.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The bot needs Python 3.11 or newer; $(PYTHON) is %d.%d. Name another one: make install PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv

.venv/%.stamp: requirements/%.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "Installing the locked dependencies of requirements/$*.txt into .venv; the first time takes a minute or two."
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r $< | $(ARRIVALS)
	@$(PIP_INSTALL) --quiet --no-deps --no-build-isolation --editable .
	@touch $@ .venv/demo.stamp
