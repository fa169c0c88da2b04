# Two commands do everything: `make report` and `make test`. Both may be repeated; the second time is fast.

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
PYTEST_WORKERS ?= 2

.PHONY: report test test-long check lint audit env demo lab bench bench-short truth truth-short pictures pictures-short faults faults-short notebooks lock docs clean

report: env ## environment, demo data where there is none of yours, the last week's reports
	@$(BIN)/workbench demo --if-empty
	@$(BIN)/workbench report

test: env ## all tests but the long ones
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m "not long and not faults" tests

test-long: env ## tests that work or measure for many seconds each
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m "long and not faults" tests

check: lint audit test test-long ## everything that must be green

lint: env ## formatting, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: env ## flaws known of the locked packages; says so where there is no network
	$(BIN)/python .ci/audit.py

env: $(STAMP) ## .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name one with make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@chmod 700 data reports || true
	@touch $(STAMP)

demo: env ## a simulated agency, imported
	$(BIN)/workbench demo

lab: env ## JupyterLab in the notebooks' folder
	$(BIN)/workbench lab

bench: env ## speed and memory, as ratios; writes benchmarks/out/bench.jsonl
	$(BIN)/python -m benchmarks

bench-short: env ## the same with fewer rounds and without the largest sizes
	$(BIN)/python -m benchmarks --short

truth: env ## do the metrics find what is true of simulated agencies; writes benchmarks/out/truth.jsonl
	$(BIN)/python -m benchmarks.truth

truth-short: env ## the same on smaller agencies
	$(BIN)/python -m benchmarks.truth --short

pictures: env ## are slides told apart, read and grouped right, and how fast; writes benchmarks/out/*.jsonl
	$(BIN)/python -m benchmarks.same_image
	$(BIN)/python -m benchmarks.ocr
	$(BIN)/python -m benchmarks.grouping

pictures-short: env ## the same on fewer slides
	$(BIN)/python -m benchmarks.same_image --short
	$(BIN)/python -m benchmarks.ocr --short
	$(BIN)/python -m benchmarks.grouping --short

faults: env ## kill, starve and damage it; writes benchmarks/out/faults.jsonl
	@rm -f benchmarks/out/faults.jsonl
	WORKBENCH_FAULTS=whole $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m faults tests/faults

faults-short: env ## the same with fewer rounds, at most 10 minutes
	@rm -f benchmarks/out/faults.jsonl
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m faults tests/faults

notebooks: env ## can our notebooks join the reports, by what users check theirs with
	$(BIN)/workbench check notebooks/*.ipynb

docs: env ## regenerate the data dictionary
	$(BIN)/python -m workbench.dictionary

lock: env ## resolve requirements.lock anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--all-extras --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean: ## what can be made again (never data/)
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
