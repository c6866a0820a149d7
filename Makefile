# `make help` lists what can be made. Only git, make and Python 3.11 or later are needed beforehand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILED := $(wildcard pipeline/*.h pipeline/*/*.c pipeline/*/*/*.c pipeline/*/*/*.h)
PYTHONS ?= 3.13 3.14 # the newest, besides the one that `make test` runs on; PYTHONS=3.12 tries that

.PHONY: help setup run test matrix smoke sanitize docs lint gate bench bench-gate bench-peers lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

setup: $(READY) ## the environment alone, in .venv

run: $(READY) ## clean the articles in seeds/ and say where the corpus and the report lie
	@$(BIN)/copydesk run --batch demo

test: $(READY) ## all tests, a process for each core
	$(BIN)/pytest -n auto --dist loadfile $(PYTEST)

matrix: ## all tests but slow ones on the newest Python that is installed here; what is missing is named
	@for version in $(PYTHONS); do \
		python=$$(command -v python$$version || ls -d ~/.pyenv/versions/$$version.*/bin/python$$version 2>/dev/null | tail -1); \
		if ! "$$python" -c '' 2>/dev/null; then python=$$(ls -d ~/.pyenv/versions/$$version.*/bin/python$$version 2>/dev/null | tail -1); fi; \
		if [ -z "$$python" ]; then echo "Python $$version: not installed here, not tried"; continue; fi; \
		echo "Python $$version: $$python"; \
		$(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version PYTEST='-m "not slow"' || exit 1; \
	done

smoke: $(READY) ## build the wheel, install it alone in a bare environment, and use it there
	PYTHON="$(PYTHON)" BUILDER="$(BIN)/python" bash tests/smoke.sh

sanitize: $(READY) ## the loops in C under the sanitizers of the compiler, where it has them
	BUILDER="$(BIN)/python" bash tests/sanitize.sh

docs: $(READY) ## the documentation as a site, in site/; a link that leads nowhere is an error
	@$(BIN)/python -m docs.generate site

lint: $(READY) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

gate: $(READY) ## the quality floors, on the labelled data
	$(BIN)/python -m benchmarks.quality

bench: $(READY) ## CPU time of each stage, beside a script written by hand
	$(BIN)/python -m benchmarks.speed

bench-gate: $(READY) ## fails when a stage costs more beside that script than is noted
	$(BIN)/python -m benchmarks.speed --gate

bench-peers: $(READY) ## whole processes beside datatrove and trafilatura, which are installed in a cache
	$(BIN)/python -m benchmarks.speed --peers

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml

lock: ## pin the newest versions that pyproject.toml allows; a service gets the same, but no tools of development
	$(LOCK) --extra dev --output-file requirements.lock
	$(LOCK) --extra luigid --constraint requirements.lock --output-file deploy/requirements.lock

clean: ## remove the environments and what runs have left
	rm -rf .venv .venv-* site output/runs output/corpus output/history

$(READY): requirements.lock pyproject.toml $(COMPILED)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Copydesk needs Python 3.11 or later")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q pipeline
	@$(BIN)/python -m pipeline.compiled
	@touch $(READY)
