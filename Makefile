# Every target works from nothing: it makes .venv, installs what requirements name, and stamps it. A second call starts
# at once; a .venv that is broken or half made is made anew.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501

.PHONY: run dev test lint types check-browser bench screenshots clean
.DEFAULT_GOAL := run

run: $(VENV)/.runtime  ## open RNN Explorer
	@$(BIN)/streamlit run app.py --server.port $(PORT)

dev: $(VENV)/.runtime  ## the same, reloading what is edited
	@$(BIN)/streamlit run app.py --server.port $(PORT) --server.runOnSave true --server.fileWatcherType auto --client.showErrorDetails full

test: lint check-browser  ## everything, a real browser included
	@$(BIN)/python -W error -m pytest

lint: $(VENV)/.dev  ## format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(VENV)/.dev  ## speed, as ratios, in one table
	@$(BIN)/python -m tests.bench

screenshots: $(VENV)/.dev check-browser  ## the pictures of README.md, from the running app
	@$(BIN)/python -m tests.browser.screenshots

check-browser: $(VENV)/.dev
	@BROWSER_TESTS=$${BROWSER_TESTS:-1} sh tests/browser/install.sh

# A stamp is good only while the interpreter behind it still runs and can import what it stamps; else it is remade.
$(VENV)/.runtime: requirements.txt | whole-venv
	@$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | whole-venv
	@$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $(VENV)/.runtime $@

.PHONY: whole-venv
whole-venv:
	@if [ -e $(VENV)/.runtime ] && ! $(BIN)/python -c "import streamlit, torch, plotly, pandas, regex" 2>/dev/null; then \
		echo "$(VENV) is broken and is made anew"; rm -rf $(VENV); fi
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); fi

clean:  ## forget the environment
	@rm -rf $(VENV)
