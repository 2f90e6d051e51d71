# `make results` rebuilds the paper, `make study CONFIG=my.yaml` runs a study of yours, `make test` runs all checks;
# each makes .venv from the pins first. From another folder: make -f PATH/Makefile study CONFIG=my.yaml
HERE := $(dir $(lastword $(MAKEFILE_LIST)))
ifneq ($(words $(MAKEFILE_LIST)),1)
$(error $(patsubst %Makefile,%,$(strip $(MAKEFILE_LIST))) has a space in its name, which ends a name for make: \
  give the command in that folder, without -f)
endif
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := $(HERE).venv
BIN := $(VENV)/bin
SNAKEMAKE := "$(BIN)/snakemake" --snakefile "$(HERE)Snakefile"
# For the shell of the recipes, whatever is in its name.
export CONFIG
# Four cores, or as many as there are.
CORES ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); if [ $$n -lt 4 ]; then echo $$n; else echo 4; fi)
RUN := results/paper
PYTEST := OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

.PHONY: results study quick benchmark test test-hardening test-portable acceptance lint docs baseline clean

results: $(VENV)/installed
	$(SNAKEMAKE) --cores $(CORES)
	@if [ ! -e $(RUN)/report.html ] || [ -n "$$(find $(RUN)/figures $(RUN)/tables $(RUN)/scorecard.html \
	  -newer $(RUN)/report.html -type f)" ]; then $(SNAKEMAKE) --report $(RUN)/report.html; fi
	@sed -n 3p $(RUN)/scorecard.md; echo "Open $(RUN)/report.html, or look into $(RUN)."

# Results go to results/RUN of the folder in which the command is given.
study: $(VENV)/installed
	@[ -n "$$CONFIG" ] || { echo "name the config of the study: make study CONFIG=my.yaml" >&2; exit 2; }
	$(SNAKEMAKE) --cores $(CORES) --configfile "$$CONFIG"
	@run=$$("$(BIN)/python" -c 'import sys, yaml; print(yaml.safe_load(open(sys.argv[1])).get("run", "paper"))' "$$CONFIG") && \
	  $(SNAKEMAKE) --report results/$$run/report.html --configfile "$$CONFIG" && \
	  echo "Open results/$$run/report.html, or look into results/$$run."

quick: $(VENV)/installed
	$(SNAKEMAKE) --cores $(CORES) --configfile "$(HERE)config/quick.yaml"
	@echo "Look into results/quick: everything runs; its numbers mean nothing."

# Alone on the machine: what an epoch costs, beside the authors' package, and the page that says so.
# make benchmark DELPHES=file.root reads a Delphes file of yours too.
benchmark: $(VENV)/installed
	$(SNAKEMAKE) benchmark --cores $(CORES) $(if $(DELPHES),--config "benchmarks={delphes_file: $(abspath $(DELPHES))}")
	"$(BIN)/python" "$(HERE)docs/write_speed.py" results/benchmarks
	@echo "Look at $(HERE)docs/explanation/speed.md, and into results/benchmarks."

# Tests share the cores by pytest-xdist, so each process gets one thread; a file, whose tests share one run
# of the workflow, stays in one process.
test: $(VENV)/installed lint
	$(PYTEST) -m "not hardening and not acceptance"

# What changes a copy of the checkout: all that reruns after a change, and the additions of CONTRIBUTING.md.
test-hardening: $(VENV)/installed
	$(PYTEST) -m "hardening and not acceptance"

# The same without the workflow on a processor that rounds differently: the numbers of a run move in their last
# digit from one to the next, which must fail no test.
test-portable: $(VENV)/installed
	OMP_NUM_THREADS=1 "$(BIN)/python" tests/plain_cpu.py -n $(CORES) --dist loadfile --no-loadscope-reorder -m "not workflow and not acceptance"

# What takes minutes, gigabytes and a machine of its own, one after the other, with the numbers that they find.
acceptance: $(VENV)/installed
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -m acceptance -s

lint: $(VENV)/installed
	PATH="$(abspath $(BIN)):$$PATH" "$(BIN)/pre-commit" run --all-files

# The site of the documentation, into site/; a broken link is an error.
docs: $(VENV)/installed
	"$(BIN)/python" docs/write_config_reference.py --check
	"$(BIN)/python" docs/write_results.py $(RUN)
	NO_MKDOCS_2_WARNING=1 "$(BIN)/mkdocs" build --strict --quiet

# After a change of the figures on purpose: draw the images anew that the tests compare with.
baseline: $(VENV)/installed
	"$(BIN)/python" -m pytest tests/figures --mpl-generate-path=tests/figures/baseline
	"$(BIN)/python" -m pytest tests/regression --freeze --mpl-generate-path=tests/regression/baseline

$(VENV)/installed: $(HERE)constraints.txt $(HERE)pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Python 3.11 is needed (the pins are for it): make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Building the environment $(VENV): some minutes, of which pip says nothing"
	"$(PYTHON)" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --constraint "$(HERE)constraints.txt" --editable "$(HERE).[dev]" || \
	  { echo "The environment is not complete; the same command without --quiet says all that pip knows" >&2; exit 1; }
	@touch "$@"

clean:
	rm -rf "$(VENV)" results .snakemake site
