# `make` lists the targets; CI runs `make lint` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install ocr demo lint test test-vllm

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## make .venv and install the locked dependencies (skipped when nothing changed)
	@PYTHON="$(PYTHON)" sh scripts/install.sh

ocr: # Tesseract, where it may be installed
	@sh scripts/system.sh tesseract

demo: install ocr ## the whole loop on examples/: stays up until Ctrl-C; with EXIT=1 it shuts down again
	@$(BIN)/pixel demo $(if $(EXIT),--exit)

lint: install ## format, types, import contracts, SQL lint, dbt parse
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt/models
	$(BIN)/python scripts/dbt_parse.py

test: install ocr ## every test, on every core, with coverage (fails under 90 %)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

test-vllm: install ## tests against a real vLLM server on a tiny model; installs vLLM for CPUs once (gigabytes, minutes)
	PIXEL_TEST_VLLM=1 $(BIN)/python -m pytest tests/vllm -q
