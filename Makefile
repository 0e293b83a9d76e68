# make run     play the Kherson 2022 crisis 10,000 times and tally how the runs end
# make test    style, types, import contracts, tests
# make long    the tests that take minutes
# make lock    solve the dependencies anew
# make words   gather the program's own words for translation, and compile what is translated
# make samples play the samples in runs/ anew, after any change of a file format
# make wasm    compile the machine for pages anew, after any change of machine.c
# make wheel   build the package into dist/
# make clean   remove everything that make made
#
# The first call makes .venv and installs what is locked in requirements/, and nothing that a
# package asks for beyond it. Another Python:
# make test PYTHON=python3.13

PYTHON   ?= python3
SCENARIO ?= kherson-2022
RUNS     ?= 10000
# What pytest is asked for beyond the defaults in pyproject.toml, e.g. make test ONLY=tests/test_log.py
ONLY     ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Solved for every Python from 3.11 on at once; a week's wait lets a bad release be withdrawn first.
SOLVE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-annotate --exclude-newer "7 days" --custom-compile-command "make lock"
PROJECT := pyproject.toml requirements/build.in

.PHONY: run test long lint types imports lock words samples wasm wheel clean
.NOTPARALLEL:

run: .venv/run.stamp
	$(BIN)/wargame batch $(SCENARIO) --runs $(RUNS)

test: lint types imports
	$(BIN)/pytest -n auto $(ONLY)

long: .venv/test.stamp
	HYPOTHESIS_PROFILE=fresh $(BIN)/pytest -n auto --long -m long $(ONLY)

lint: .venv/test.stamp
	$(BIN)/ruff check .

types: .venv/test.stamp
	$(BIN)/mypy

imports: .venv/test.stamp
	$(BIN)/lint-imports

lock: .venv/bin/python
	$(PIP) install --quiet uv
	$(SOLVE) $(PROJECT) --all-extras --output-file requirements/test.txt
	$(SOLVE) $(PROJECT) --constraint requirements/test.txt --output-file requirements/run.txt
	$(SOLVE) requirements/zig.in --output-file requirements/zig.txt

words: .venv/test.stamp
	$(BIN)/python tools/words.py

samples: .venv/test.stamp
	$(BIN)/python tools/samples.py

wasm: .venv/zig.stamp
	$(BIN)/python -m wargame.backends.browser.build

wheel: .venv/run.stamp
	rm -rf dist
	$(BIN)/hatchling build

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "wargame needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/run.txt pyproject.toml src/wargame/backends/machine.c | .venv/bin/python
	@echo "Installing what is locked in requirements/run.txt into .venv; about half a minute."
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/run.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Holds all of run.txt at the same versions (tests/test_repository.py), so it serves `make run` too.
.venv/test.stamp: requirements/test.txt pyproject.toml src/wargame/backends/machine.c | .venv/bin/python
	@echo "Installing what is locked in requirements/test.txt into .venv; about two minutes."
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/test.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@ .venv/run.stamp

.venv/zig.stamp: requirements/zig.txt | .venv/run.stamp
	@echo "Installing the compiler that requirements/zig.txt locks into .venv; 100 MB."
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/zig.txt
	@touch $@
