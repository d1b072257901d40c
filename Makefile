# A Managed HSM in one command. `make help` says what there is.
.DEFAULT_GOAL := help
.PHONY: help setup setup-development up down recovery test check format bench

PYTHON := .venv/bin/python

# The first Python that is new enough; the set-up says what is wrong where there is none.
SYSTEM_PYTHON := $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$each; break; fi; done)
ifeq ($(SYSTEM_PYTHON),)
SYSTEM_PYTHON := python3
endif

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@$(SYSTEM_PYTHON) -m local_azure.setup

setup-development:
	@$(SYSTEM_PYTHON) -m local_azure.setup --development

up: setup ## Bring up the stack dev on the local Azure, from nothing to an activated HSM
	@$(PYTHON) -m local_azure.stack up

down: setup ## Destroy it, purge the pool, stop the local Azure; security-domain files stay
	@$(PYTHON) -m local_azure.stack down

recovery: setup ## Lose a pool and recover it in another region, on a local Azure of its own
	@$(PYTHON) -m local_azure.stack.recovery

test: setup-development ## Run every check and every test, the real engine included
	@$(MAKE) --no-print-directory check
	@$(PYTHON) -m pytest -n 2 --dist loadgroup

check: setup-development ## Run formatter, linter, types and import rules
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports

format: setup-development ## Put the code into shape
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

bench: setup-development ## Measure, side by side; a table, and JSON under bench/results/
	@$(PYTHON) -m bench
