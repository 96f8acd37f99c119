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
