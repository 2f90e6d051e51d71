# `make results` rebuilds the paper, `make test` runs all checks; each makes .venv from the pins first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Four cores, or as many as there are.
CORES ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); if [ $$n -lt 4 ]; then echo $$n; else echo 4; fi)
RUN := results/paper

.PHONY: results quick test test-portable lint baseline clean

results: $(VENV)/installed
	$(BIN)/snakemake --cores $(CORES)
	@if [ ! -e $(RUN)/report.html ] || [ -n "$$(find $(RUN)/figures $(RUN)/tables $(RUN)/scorecard.html \
	  -newer $(RUN)/report.html -type f)" ]; then $(BIN)/snakemake --report $(RUN)/report.html; fi
	@sed -n 3p $(RUN)/scorecard.md; echo "Open $(RUN)/report.html, or look into $(RUN)."

quick: $(VENV)/installed
	$(BIN)/snakemake --cores $(CORES) --configfile config/quick.yaml

# Tests share the cores by pytest-xdist, so each process gets one thread; a file, whose tests share one run
# of the workflow, stays in one process.
test: $(VENV)/installed lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(CORES) --dist loadfile

# The same without the workflow on a processor that rounds differently: the numbers of a run move in their last
# digit from one to the next, which must fail no test.
test-portable: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python tests/plain_cpu.py -n $(CORES) --dist loadfile -m "not workflow"

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# After a change of the figures on purpose: draw the images anew that the tests compare with.
baseline: $(VENV)/installed
	$(BIN)/python -m pytest tests/figures --mpl-generate-path=tests/figures/baseline
	$(BIN)/python -m pytest tests/regression --freeze --mpl-generate-path=tests/regression/baseline

$(VENV)/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Python 3.11 is needed (the pins are for it): make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) results .snakemake
