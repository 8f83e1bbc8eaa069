# The two commands of the README set everything up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
CORES ?= all

.PHONY: demo real report test test-cluster test-envs test-container bench bench-guard check env plan dag docs pin clean
SHELL := bash
.SHELLFLAGS := -o pipefail -c
.DELETE_ON_ERROR:

demo: .venv/run  ## the default study, from synthetic DDSM cases to the tables
	$(BIN)/snakemake --cores $(CORES) all
	@cat results/phantom/tables/table2.md
	@echo "open results/phantom/index.html in a browser"

real: .venv/run  ## the studies of real pictures, those of DATA/busi and DATA/cesm that are there: make real DATA=FOLDER
	@test -d "$(DATA)/busi" -o -d "$(DATA)/cesm" || \
	    { echo "make real DATA=FOLDER: FOLDER must hold BUSI in busi/ or CDD-CESM in cesm/ (docs/real-data.md)" >&2; exit 1; }
	for set in busi cesm; do \
	    test -d "$(DATA)/$$set" || continue; \
	    $(BIN)/snakemake --cores $(CORES) all --configfile config/studies/$$set.yaml \
	        --config "dataset={path: '$$(cd "$(DATA)" && pwd)/$$set'}" && cat results/$$set/tables/table2.md || exit 1; \
	done

report: .venv/run  ## of the finished default study: its front page, and all that it shows packed to be sent
	$(BIN)/snakemake --report results/report.zip
	@echo "open results/phantom/index.html in a browser; results/report.zip holds tables, figures and records"

test: .venv/dev check  ## checks of style, then all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-cluster: .venv/dev  ## runs through profiles/slurm on a real Slurm, installed where apt-get and root are
	command -v slurmctld >/dev/null || \
	    { apt-get -qq update && apt-get -qq install -y --no-install-recommends slurm-wlm munge; } >/dev/null 2>&1 || \
	    echo "Slurm could not be installed; its tests will skip" >&2
	$(BIN)/python -m pytest tests/cluster

test-envs: .venv/dev  ## builds the rules' environments (4.3 GB for a while) and runs a tiny study in them
	$(BIN)/python -m pytest tests/envs

test-container: .venv/dev  ## builds the image with Podman, installed where apt-get and root are, and runs a small study in it
	{ command -v podman && command -v mmdebstrap; } >/dev/null || \
	    { apt-get -qq update && apt-get -qq install -y --no-install-recommends podman runc mmdebstrap; } >/dev/null 2>&1 || \
	    echo "Podman and mmdebstrap could not be installed; the container's tests will skip" >&2
	$(BIN)/python -m pytest tests/container

bench: .venv/dev  ## all benchmarks, in about 15 minutes of an idle machine: writes the table of benchmarks/README.md
	$(BIN)/python benchmarks/bench.py $(if $(TORCH),--torch "$(TORCH)")

bench-guard: .venv/dev  ## has anything become slower than it may be? A few ratios, under three minutes
	$(BIN)/python benchmarks/guard.py

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/snakemake --lint

env: .venv/run

.venv/run: requirements.txt
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13), "Python 3.11 to 3.13 is needed: make PYTHON=python3.12"'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	touch $@

plan: .venv/run  ## what would run and why, a long reason cut short
	$(BIN)/snakemake --quiet host -n all | sed -E '/^\[.*\]$$/d; s/^(.{160}).+/\1.../'

dag: .venv/run  ## draws the jobs of the default study, finished ones dashed: results/dag.svg (needs graphviz)
	mkdir -p results
	$(BIN)/snakemake --dag | tred | dot -Grankdir=LR -Tsvg > results/dag.svg

docs: .venv/dev  ## writes what of the documentation follows from the code (needs graphviz), and its site: site/
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "site/index.html; to search in it: $(BIN)/python -m http.server --directory site"

describe: .venv/run  ## what a folder of data is, a contact sheet and a configuration in describe/: make describe DATA=FOLDER
	@test -n "$(DATA)" || { echo "make describe DATA=FOLDER (or the file of a table)" >&2; exit 1; }
	PYTHONPATH=scripts $(BIN)/python -m camseg describe "$(DATA)"

pin:  ## writes the pinned requirements anew from requirements*.in (needs uv)
	for name in requirements requirements-dev; do \
	    uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	        --no-header $$name.in -o $$name.txt || exit 1; \
	done

clean:  ## removes all results
	rm -rf results .snakemake
