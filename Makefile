# vendash: `make demo` to see it, `make test` to trust it.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.13 python3.12 python3.14 python3,$(shell command -v $(p) 2>/dev/null)))
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint format bench conformance interop soak clean

demo: $(VENV)/.runtime
	@$(BIN)/vendash demo $(ARGS)

# The tests start many processes: without kept byte code each would compile all of vendash again.
test: export PYTHONDONTWRITEBYTECODE =
# Three workers on two cores: many tests wait for a process or a screen (4:37 with two, 3:39 with three).
test: $(VENV)/.development
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.development
	$(BIN)/python -m tests.benchmarks $(ARGS)

# A certified VTN of someone else, built from its crate (six minutes, once), and its database.
OPENLEADR := build/openleadr/bin/openleadr-vtn
INTEROP := build/interop

interop: $(VENV)/.development $(OPENLEADR) $(INTEROP)/.installed
	$(BIN)/python -m pytest -m interop tests/interop $(ARGS)
	$(BIN)/python -m tests.interop.bench

$(OPENLEADR):
	@command -v cargo > /dev/null || { echo "make interop builds openleadr-vtn, and needs" \
	  "cargo (rustup.rs), cmake, pkg-config and libssl-dev for it: install them first."; exit 2; }
	SQLX_OFFLINE=true cargo install openleadr-vtn --version 0.2.8 --features internal-oauth \
	  --root build/openleadr

$(INTEROP)/.installed: tests/interop/requirements.txt | $(BIN)/python
	@$(BIN)/python -m venv $(INTEROP)
	@$(INTEROP)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# schemathesis and two clients of others against `vendash vtn`, each in an environment of its own.
conformance: $(VENV)/.development
	$(BIN)/python -m tests.conformance $(ARGS)

# Longer than the tests: `make soak SEED=n` replays one world.
soak: $(VENV)/.development
	$(BIN)/python -m tests.reliability.soak $(if $(SEED),--seed $(SEED)) $(ARGS)
	$(if $(SEED),,VENDASH_KILLS=100 $(BIN)/python -m pytest -q --timeout 1800 tests/reliability/test_kills.py)

clean:
	rm -rf .venv .venv-3.13 build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "vendash needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python cannot make a virtual environment here: install python3-venv."; exit 2; }

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing vendash into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/python
	@$(PIP) --editable '.[test,lint]'
	@touch $@ $(VENV)/.runtime
