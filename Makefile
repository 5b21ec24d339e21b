# Everything runs in .venv, which is made on first use; `make` alone lists the targets.
PYTHON ?= python3
DATA ?= digits
OUT ?= runs/demo
TORCH ?=
BIN := .venv/bin/

.PHONY: help demo test docs lint types imports tests coverage constraints facts sbom clean runtime dev toolchain

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

demo: runtime  ## train a triad and write runs/demo/report.html; DATA=mnist for another data set
	$(BIN)plurigrid-ff triads run persistent-homology-open-games-forward-forward --data $(DATA) --out $(OUT) --overwrite

test: lint types imports tests  ## all checks

docs: dev  ## the site of the documentation, into build/site; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)python -m mkdocs build

lint: dev  ## ruff: rules and formatting
	$(BIN)python -m ruff check
	$(BIN)python -m ruff format --check

types: dev  ## mypy
	$(BIN)python -m mypy

imports: dev  ## import-linter: who may import whom
	$(BIN)lint-imports

tests: dev toolchain  ## pytest
	OMP_NUM_THREADS=1 $(BIN)python -m pytest -n 2 --dist loadgroup

coverage: dev toolchain  ## pytest, and the lines that it does not reach; a quarter slower
	OMP_NUM_THREADS=1 $(BIN)python -m pytest -n 2 --dist loadgroup --cov

constraints:  ## renew constraints.txt; TORCH=2.14.0 moves torch too
	$(PYTHON) tools/bootstrap.py constraints --torch "$(TORCH)"

facts: dev  ## renew the tables and versions in the skill for coding agents
	$(BIN)python tools/agent_skill.py

sbom: dev  ## write sbom.json, a software bill of materials (CycloneDX)
	$(BIN)python tools/sbom.py --out sbom.json

clean:  ## remove .venv, caches and built files; runs/ stays
	rm -rf .venv build dist .coverage coverage.xml .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@$(PYTHON) tools/bootstrap.py runtime

dev:
	@$(PYTHON) tools/bootstrap.py dev

toolchain:
	@$(PYTHON) tools/toolchain.py
