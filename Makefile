# nettrain: what a person needs to run it, try it and change it. Everything happens in .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
PEERS := .venv/peers

.PHONY: help demo test check faults fix bench accuracy docs clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo: $(READY)  ## train on handwritten digits, judge the model, classify a picture
	rm -rf runs/demo
	$(BIN)/nettrain fit configs/digits-cnn.yaml --run-dir runs/demo
	$(BIN)/nettrain evaluate runs/demo
	$(BIN)/nettrain predict data/digits/test/7/0017.png data/digits/test/3/0003.png --model runs/demo --top 2 --format table

test: $(READY)  ## every test, at most 5 minutes on 2 cores
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: $(READY)  ## format, lint, strict types, tests, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal
	@echo "longest files, in lines:"; find nettrain -name '*.py' | xargs wc -l | sort -rn | sed -n 2,6p

faults: $(READY)  ## kill it, fill its disk, break its files; every promise as figures, at most 90 minutes
	PYTHONPATH=tests:. $(BIN)/python -m faults.run_all

fix: $(READY)  ## format and mend what can be mended by machine
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(PEERS)  ## measure beside PyTorch and scikit-learn, about ten minutes; ARGS="steps --quick" for less, "whole fit" for more
	$(BIN)/python -m benchmarks $(ARGS)

accuracy: $(PEERS)  ## train the recipes for CIFAR-10 to their end, and the same in PyTorch: two hours on 2 cores
	$(BIN)/python -m benchmarks.accuracy $(ARGS)

docs: $(READY)  ## write the reference pages anew from the code
	$(BIN)/python docs/make_reference.py

clean:  ## remove what these commands made
	rm -rf .venv build dist runs/demo

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade-strategy only-if-needed --editable '.[dev]'
	touch $(READY)

$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --upgrade-strategy only-if-needed --editable '.[bench]'
	touch $(PEERS)
