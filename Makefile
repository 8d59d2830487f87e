# Recipes that people and CI run alike. `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv/bin
SHARED ?= ../shared
# A built llama-cpp-python, where there is one: a small real language model is then set up for the tests.
LANGUAGE_MODEL ?= $(firstword $(wildcard $(SHARED)/wheels/llama_cpp_python-*.whl))
EXPORTER_PORT ?= 9100
PROMETHEUS_PORT ?= 9090
ANALYZER_PORT ?= 9095
export PYTHON LANGUAGE_MODEL

.PHONY: help venv venv-dev up test lint format docs bench conformance lock clean

help: ## list what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

venv: ## set up .venv for running
	@scripts/venv.sh requirements/run.txt

venv-dev: ## set up .venv for tests, lint and benchmarks
	@scripts/venv.sh requirements/dev.txt

up: venv ## set up, then run exporter, Prometheus and analyzer until Ctrl-C
	@$(VENV)/python scripts/up.py --exporter-port $(EXPORTER_PORT) --prometheus-port $(PROMETHEUS_PORT) --analyzer-port $(ANALYZER_PORT)

test: venv-dev ## set up, then run every test
	@scripts/test-tools.sh
	@[ -z "$(LANGUAGE_MODEL)" ] || scripts/language-model.sh "$(LANGUAGE_MODEL)"
	$(VENV)/python -m pytest --shared=$(SHARED) $(ARGS)

lint: venv-dev ## formatting, lint, import contracts, types
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/lint-imports
	$(VENV)/mypy

format: venv-dev ## let ruff format and mend what it can
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

docs: venv-dev ## write the generated pages of docs/ and the dashboards
	$(VENV)/python scripts/docs.py
	$(VENV)/python -m grafana.boards

bench: venv-dev ## measure against the peers, side by side
	@scripts/test-tools.sh
	@scripts/statsforecast.sh
	$(VENV)/python -m benchmarks --shared=$(SHARED)

conformance: venv-dev ## compare the exporter with node_exporter's own end-to-end test
	$(VENV)/python -m benchmarks.conformance --shared=$(SHARED)

lock: ## pin the dependencies anew (needs uv on PATH)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --all-extras --group build pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --all-extras --group build --group dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	echo statsforecast | uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url - -o requirements/bench.txt

clean: ## remove what make made: .venv, .tools, .data
	rm -rf .venv .tools .data
