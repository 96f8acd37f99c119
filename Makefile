# `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.
# The environment of another Python than PYTHON=… is replaced. Without it, the one that is there stays.
PYTHON ?= $(shell .venv/bin/python -c '' 2>/dev/null && echo .venv/bin/python || echo python3)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := .venv/.ready-$(VERSION)
BIN := .venv/bin
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
# Which PyTorch build uv fetches where pip knows no CPU build: cpu, auto (looks for a GPU), cu126 …
TORCH_BACKEND ?= cpu

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the commands
	@sed -n 's/^\([a-z. -]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 15

.venv: $(READY) ## make the Python environment
# PyPI's Linux wheels of torch carry several GB of CUDA. The CPU build has a version of its own,
# which pip finds where it knows an index that holds it; uv knows PyTorch's own index. Where
# neither can be reached, it is CUDA or nothing.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $$([ -d .venv/lib/python$(VERSION) ] || echo --clear) .venv
	$(BIN)/python -m pip install -q --upgrade pip
	@case "$$(uname -s)-$(TORCH_BACKEND)" in \
	  Linux-cpu) $(BIN)/python -m pip install -q "torch==$(TORCH)+cpu" 2>/dev/null && exit 0;; \
	  Linux-*) ;; \
	  *) exit 0;; \
	esac; \
	$(BIN)/python -m pip install -q uv && \
	$(BIN)/uv pip install -q --python $(BIN)/python --torch-backend=$(TORCH_BACKEND) "torch==$(TORCH)" \
	|| { [ $(TORCH_BACKEND) = cpu ] && \
	  echo "No CPU build of PyTorch can be had: pip takes the one with CUDA, several GB."; }
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]"
	@touch $@

# tests/conftest.py says what a worker takes, and in which order. Three on two cores: much of the
# time a test waits for a kernel, a browser or an attack to end.
PYTEST = $(BIN)/python -m pytest -n 3

.PHONY: demo test quick check lint nbval browser build release author lab grade bench pictures
demo: .venv ## build the lesson, grade a made-up class, show where the results are
	@$(BIN)/softmax-lab build
	@$(BIN)/softmax-lab demo

test: .venv check nbval browser ## run every check and every test
	$(PYTEST)

quick: .venv lint ## lint, types and the fast tests: for while you work
	$(PYTEST) -q -m "not slow"

check: .venv lint ## lint, types, and whether what is generated is current
	$(BIN)/softmax-lab build --check

lint: .venv ## lint and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

nbval: .venv ## run the solved notebook and compare its outputs with the committed ones
	$(BIN)/python -m pytest -q --nbval --nbval-current-env source/softmax/softmax.ipynb

# The tests say what they leave out where there is none.
browser: ## see to it that there is a Chromium for the browser tests
	@found() { for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	    command -v $$name >/dev/null && return; done; return 1; }; \
	found && exit; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { apt-get -qq update; apt-get -qq install -y chromium; } >/dev/null 2>&1; fi; \
	found || echo "No Chromium, so no browser tests. Get it with: sudo apt-get install chromium"

build release: .venv ## make source/ and release/ from notebooks/softmax.md
	$(BIN)/softmax-lab build

# JupyterLab with settings of its own: yours stay as they are.
LAB := $(CURDIR)/.softmax-lab
JUPYTER = JUPYTER_CONFIG_PATH="$(LAB)" $(BIN)/jupyter-lab \
  --LabApp.user_settings_dir="$(LAB)/settings" --LabApp.workspaces_dir="$(LAB)/workspaces"

# A double click on a .md file opens it as a notebook here. The server's root is the course: the
# formgrader wants it. nbgrader's panel wants its settings in full; Ctrl-C ends JupyterLab only.
author: .venv ## edit the lesson in JupyterLab, with nbgrader's Create Assignment panel
	@mkdir -p "$(LAB)/labconfig"
	@$(BIN)/jupytext-config --settings-file "$(LAB)/labconfig/default_setting_overrides.json" \
	  set-default-viewer markdown myst
	$(BIN)/softmax-lab author --full
	@trap : INT; $(JUPYTER) --ServerApp.root_dir="$(CURDIR)" \
	  --LabApp.default_url=/lab/tree/notebooks/softmax.md $(LABFLAGS); \
	status=$$?; $(BIN)/softmax-lab author --lean; exit $$status

lab: .venv ## work on the lesson as a student, in a copy that is yours
	@mkdir -p "$(LAB)/student"
	@cp -n release/softmax/softmax.ipynb "$(LAB)/student/" || true
	$(JUPYTER) --ServerApp.root_dir="$(LAB)/student" \
	  --LabApp.default_url=/lab/tree/softmax.ipynb $(LABFLAGS)

# For a quick look: make bench BENCH="--sizes 2,4".
bench: .venv ## grade the same class with stock nbgrader and with the runner: times and memory
	$(BIN)/python benchmarks/bench.py $(BENCH)

grade: .venv ## grade what is in submitted/
	$(BIN)/softmax-lab grade

# For a quick look: make attacks ATTACKS="--sample 6", or --only and names.
.PHONY: attacks
attacks: .venv ## run every attack through stock nbgrader and through ours, side by side
	PYTHONPATH=tests $(BIN)/python benchmarks/run_attacks.py $(ATTACKS)

pictures: .venv demo browser ## take the README's pictures anew, while testing in Chromium
	$(BIN)/python -m pytest -q --pictures=docs tests/browser
