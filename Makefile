# Everything runs from a fresh clone: each target sets up what it needs. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := bsky-sentiment-web
SERVICES := pipeline-core mock-ingest nats-firehose-ingest nats-stream-processor nats-stream-processor-topics gke-cluster
PYTHON_CODE := $(SERVICES) charts demo tests benchmarks conftest.py
SCRIPTS := lock.sh .ci/run tests/chromium.sh tests/promtool.sh charts/create-secrets.sh gke-cluster/helm/install-apps.sh

.DEFAULT_GOAL := help
.PHONY: help setup demo live test lint format charts diagram evaluate bench faults soak lock clean chromium promtool $(SERVICES:%=test-%)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed $(WEB)/.next/BUILD_ID ## Python services into .venv, dashboard built for production

$(VENV)/.installed: requirements.lock $(SERVICES:%=%/pyproject.toml)
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) on PATH: install Python 3.11 or newer, or name yours with PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"Python {v.major}.{v.minor} is too old: 3.11 or newer is needed; name another with PYTHON=…")'
	@echo "Setting up .venv (once, about a minute)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(SERVICES:%=-e ./%)
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	@command -v node >/dev/null || { echo "No node on PATH: install Node.js 20 or newer"; exit 1; }
	@node -e 'if (parseInt(process.versions.node) < 20) { console.error("Node.js " + process.versions.node + " is too old: 20 or newer is needed"); process.exit(1) }'
	@echo "Installing the dashboard's packages (once, about half a minute)"
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

WEB_CODE = $(shell find $(WEB)/app $(WEB)/components $(WEB)/lib $(WEB)/server -type f 2>/dev/null) \
	$(wildcard $(WEB)/*.ts $(WEB)/*.mjs $(WEB)/*.json)
$(WEB)/.next/BUILD_ID: $(WEB)/node_modules/.installed $(WEB_CODE)
	@echo "Building the dashboard"
	cd $(WEB) && npm run --silent build
	@touch $@

demo: setup ## the whole suite with made-up posts, no Docker; Ctrl-C stops it
	@exec $(BIN)/python -m demo

live: setup ## the same on Bluesky's real firehose
	@exec $(BIN)/python -m demo --live --store .data/live

test: setup chromium promtool ## every test: Python, dashboard, end to end in a real browser
	$(BIN)/pytest -n 2 --dist worksteal
	cd $(WEB) && npm run --silent test

$(SERVICES:%=test-%): test-%: $(VENV)/.installed
	$(BIN)/pytest $*/tests

chromium: ## the browser for the end-to-end tests, installed where that is allowed
	@tests/chromium.sh

promtool: $(VENV)/.installed ## what tries the alerts, unpacked from Debian's package where there is none
	@tests/promtool.sh $(BIN)

lint: setup ## ruff, mypy, shellcheck, Biome, tsc
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/mypy $(SERVICES:%=%/src) charts demo benchmarks
	$(BIN)/shellcheck --external-sources --check-sourced $(SCRIPTS)
	cd $(WEB) && npm run --silent lint && npm run --silent typecheck

format: $(VENV)/.installed ## put all code into its usual form
	$(BIN)/ruff check --fix $(PYTHON_CODE)
	$(BIN)/ruff format $(PYTHON_CODE)
	cd $(WEB) && npx biome check --write .

charts: $(VENV)/.installed ## write each chart's README and schema, and the dashboard, from what they are made of
	@$(BIN)/python -m charts

DIAGRAM := docs/architecture
$(DIAGRAM)/node_modules/.installed: $(DIAGRAM)/package-lock.json
	cd $(DIAGRAM) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

diagram: $(DIAGRAM)/node_modules/.installed chromium ## draw architecture.excalidraw.png from docs/architecture/scene.toml
	@cd $(DIAGRAM) && npm run --silent draw

DATA ?= ../shared/data/text
evaluate: $(VENV)/.installed ## measure the models' quality on the texts in DATA and write the model card
	PYTHONPATH=nats-stream-processor/training $(BIN)/python nats-stream-processor/training/evaluate.py --data "$(DATA)" --write

bench: $(VENV)/.installed ## measure decoding, ingest, engine and processor on this machine; REFERENCE=1 beside the reference's way
	@exec $(BIN)/python -m benchmarks $(if $(REFERENCE),--reference)

faults: $(VENV)/.installed ## ingest through every fault, in twenty orders (make test: six)
	FAULT_SEEDS=10 $(BIN)/pytest -v tests/test_faults.py

soak: $(VENV)/.installed ## 100,000 posts through random faults of ingest, broker and upstream; what is lost or doubled
	@exec $(BIN)/python -m benchmarks.soak

lock: ## renew the locks from the pyproject.toml files (needs uv)
	./lock.sh

clean: ## remove what setup, tests and live runs have made
	rm -rf $(VENV) .data $(WEB)/node_modules $(WEB)/.next $(DIAGRAM)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +
