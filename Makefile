# Every target sets up what it needs; `make` alone lists the targets.
PYTHON ?= python3
BIN := .venv/bin
SETUP := $(PYTHON) scripts/setup.py

.PHONY: help setup demo test check fmt bench promqltest screenshots peers lock clean
help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

setup: ## Install everything (locked): Python packages, chain node, contracts, page
	@$(SETUP)

demo: setup ## Start venues, bot and keeper; DEMO_SECONDS=60 stops by itself, DEMO_FAULTS=feed_freeze injects
	@$(BIN)/fleet demo

test: setup ## Run all tests (LONG=1: the long mode)
	@$(BIN)/pytest -q $(ARGS)

check: setup ## Lint, types, import contracts, docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo 2>/dev/null || $(BIN)/lint-imports --no-cache

fmt: setup ## Format the code
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: setup ## Run the benchmarks; prints ratios against peers and writes benchmarks/results/*.json
	@$(BIN)/python benchmarks/run.py $(ARGS)

promqltest: setup ## Run a folder of PromQL test scripts: make promqltest DIR=../shared/data/promql
	@$(BIN)/python -m watchkeeper.keeper.promql.testing $(DIR)

screenshots: setup ## Take the pictures of the documentation into docs/images (needs chromium)
	@$(BIN)/python scripts/screenshots.py $(ARGS)

peers: ## Install the Debian peers that the system tests use (needs root)
	@sh scripts/peers.sh

lock: ## Resolve the versions again and write requirements.lock
	@$(SETUP) tools && .tools/bin/uv lock -q --upgrade && .tools/bin/uv export -q --all-groups --no-emit-workspace \
	  --no-header --no-annotate --format requirements-txt -o requirements.lock > /dev/null

clean: ## Remove what setup and the demo made
	rm -rf .venv .tools .cache .demo packages/*/npm/node_modules packages/watchkeeper/page/node_modules \
	  packages/watchkeeper/src/watchkeeper/keeper/web/static
