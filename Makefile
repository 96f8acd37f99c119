# `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
TORCH := $(shell sed -n 's/^torch==//p' constraints.txt)
# Which PyTorch build uv fetches where pip knows no CPU build: cpu, auto (looks for a GPU), cu126 …
TORCH_BACKEND ?= cpu

.DEFAULT_GOAL := help
.PHONY: help
help: ## list the commands
	@sed -n 's/^\([a-z.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

.venv: .venv/.ready ## make the Python environment
# PyPI's Linux wheels of torch carry several GB of CUDA. The CPU build has a version of its own,
# which pip finds where it knows an index that holds it; uv knows PyTorch's own index.
.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade pip
	@case "$$(uname -s)-$(TORCH_BACKEND)" in \
	  Linux-cpu) $(BIN)/python -m pip install -q "torch==$(TORCH)+cpu" 2>/dev/null && exit 0;; \
	  Linux-*) ;; \
	  *) exit 0;; \
	esac; \
	$(BIN)/python -m pip install -q uv && \
	$(BIN)/uv pip install -q --python $(BIN)/python --torch-backend=$(TORCH_BACKEND) "torch==$(TORCH)"
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]"
	@touch $@

.PHONY: demo test check nbval build release author lab grade pictures
demo: .venv ## build the lesson, grade a made-up class, show where the results are
	@$(BIN)/softmax-lab build
	@$(BIN)/softmax-lab demo

test: .venv check nbval ## run every check and every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv ## lint, types, and whether what is generated is current
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/softmax-lab build --check

nbval: .venv ## run the solved notebook and compare its outputs with the committed ones
	$(BIN)/python -m pytest -q --nbval --nbval-current-env \
	  --nbval-sanitize-with tests/nbval_sanitize.cfg source/softmax/softmax.ipynb

build release: .venv ## make source/ and release/ from notebooks/softmax.md
	$(BIN)/softmax-lab build

# JupyterLab with settings of its own: yours stay as they are.
LAB := $(CURDIR)/.softmax-lab
JUPYTER = JUPYTER_CONFIG_PATH=$(LAB) $(CURDIR)/$(BIN)/jupyter-lab \
  --LabApp.user_settings_dir=$(LAB)/settings --LabApp.workspaces_dir=$(LAB)/workspaces

# A double click on a .md file opens it as a notebook here. The server's root is the course: the
# formgrader wants it.
author: .venv ## edit the lesson in JupyterLab, with nbgrader's Create Assignment panel
	@mkdir -p $(LAB)/labconfig
	@$(BIN)/jupytext-config --settings-file $(LAB)/labconfig/default_setting_overrides.json \
	  set-default-viewer markdown myst
	$(JUPYTER) --ServerApp.root_dir=$(CURDIR) \
	  --LabApp.default_url=/lab/tree/notebooks/softmax.md $(LABFLAGS)

lab: .venv ## work on the lesson as a student, in a copy that is yours
	@mkdir -p $(LAB)/student
	@cp -n release/softmax/softmax.ipynb $(LAB)/student/ || true
	$(JUPYTER) --ServerApp.root_dir=$(LAB)/student \
	  --LabApp.default_url=/lab/tree/softmax.ipynb $(LABFLAGS)

grade: .venv ## grade what is in submitted/
	$(BIN)/softmax-lab grade

# For a quick look: make attacks ATTACKS="--sample 6", or --only and names.
.PHONY: attacks
attacks: .venv ## run every attack through stock nbgrader and through ours, side by side
	PYTHONPATH=tests $(BIN)/python benchmarks/run_attacks.py $(ATTACKS)

pictures: .venv demo ## take the README's pictures anew, with Chromium
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[pictures]"
	$(BIN)/python docs/pictures.py
