# Every target works from nothing: it makes .venv, installs what requirements name, and stamps it. A second call starts
# at once; a .venv that is broken or half made is made anew.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: run workshop dev test lint types check-browser bench screenshots clean
.DEFAULT_GOAL := run

run: $(VENV)/.runtime  ## open RNN Explorer, for this machine only
	@$(BIN)/streamlit run app.py --server.port $(PORT)

workshop: $(VENV)/.runtime  ## serve RNN Explorer to all machines that reach this one
	@$(BIN)/streamlit run app.py --server.port $(PORT) --server.headless true --server.address 0.0.0.0

dev: $(VENV)/.runtime  ## the same, reloading what is edited
	@$(BIN)/streamlit run app.py --server.port $(PORT) --server.runOnSave true --server.fileWatcherType auto --client.showErrorDetails full

test: lint check-browser  ## everything, a real browser included
	@$(BIN)/python -W error -m pytest -n 2 --dist loadfile

lint: $(VENV)/.dev  ## format, lint, types
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/mypy

bench: $(VENV)/.dev check-browser  ## speed, as ratios, in one table
	@$(BIN)/python -m tests.bench

screenshots: $(VENV)/.dev check-browser  ## the pictures of README.md, from the running app
	@$(BIN)/python -m tests.browser.screenshots

check-browser: $(VENV)/.dev
	@$(BIN)/python -m tests.browser.chromium

# make remembers which stamps it has seen, so a .venv that does not work goes before any rule is looked at.
WHOLE := import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ("pip", "streamlit", "torch", "plotly", "pandas", "regex", "joblib", "nbformat", "safetensors", "segno"))))
$(shell if [ -e $(VENV)/.runtime ] && ! $(BIN)/python -c '$(WHOLE)' >/dev/null 2>&1; then \
	echo "$(VENV) is broken and is made anew" >&2; rm -rf $(VENV); fi)

$(VENV)/.runtime: requirements.txt | $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-cluster.txt requirements.txt | $(VENV)/.made
	@$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $(VENV)/.runtime $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "RNN Explorer needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) -m venv did not work (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@touch $@

clean:  ## forget the environment
	@rm -rf $(VENV)
