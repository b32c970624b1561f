# Two commands do all the set-up: `make demo` and `make test`. The others are for working on cdkit.
SHELL := /bin/sh
PY := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then command -v $$p; break; fi; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
CDKIT := $(BIN)/cdkit

.PHONY: help demo test dev lint check generate bench fuzz lock clean

help:            ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

demo: .venv/demo.ok ## the main job, on the real example: first a good commit, then a bad one
	@$(BIN)/python examples/demo.py

test: .venv/dev.ok ## every test
	@$(BIN)/pytest -q $(or $(ARGS),-n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder)

dev: .venv/dev.ok ## the environment to work in

lint: .venv/dev.ok ## style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/zizmor --offline --quiet .github actions

check: lint      ## style, types, and that nothing generated is behind
	@$(CDKIT) generate --check

generate: .venv/dev.ok ## write what follows from the steps and rules
	@$(CDKIT) generate

bench: .venv/dev.ok ## ratios against peers, from one run
	@$(BIN)/python -m tests.bench $(ARGS)

fuzz: .venv/dev.ok .venv/fuzz.ok ## every reader of evidence, given what nobody wrote: SECONDS=60 for each
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60) $(ARGS)

lock: .venv/dev.ok ## lock the dependencies again, by hash
	@for group in core demo dev; do \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    $$( [ $$group = core ] || echo --group $$group ) pyproject.toml -o requirements/$$group.txt; done
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 --group fuzz -o requirements/fuzz.txt
	@for extra in sign sigstore kms aws nats kafka mqtt expressions dora duckdb postgres clickhouse spark trino bigquery; do \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --constraint requirements/core.txt --extra $$extra pyproject.toml -o requirements/$$extra.txt; done

clean:           ## remove what was made here
	rm -rf .venv .demo .cdkit .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz dist

.venv/%.ok: requirements/%.txt pyproject.toml
	@test -n "$(PY)" || { echo "make: no Python 3.11 or newer on the PATH. What to do: install one." >&2; exit 2; }
	@echo "setting up .venv from requirements/$*.txt" >&2
ifneq ($(UV),)
	@test -d .venv || "$(UV)" venv -q --python "$(PY)" .venv
	@"$(UV)" pip install -q --python $(BIN)/python --no-deps --require-hashes -r requirements/$*.txt
	@"$(UV)" pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@test -d .venv || "$(PY)" -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/$*.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@
