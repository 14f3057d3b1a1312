# Everything from nothing but Python 3.12 and make: `make demo`. `make help` lists the rest.

RECIPE ?= recipes/recipe_sst_reconstruction.yml
OUTPUT ?= esmvaltool_output
VENV ?= .venv

BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
# Naming the run ourselves lets us point at its own report and not at a neighbour's; the number of the shell's process
# keeps apart two runs that start in the same second.
SESSION = $(basename $(notdir $(RECIPE)))_$(shell date -u +%Y%m%d_%H%M%S)

# Floats of the demo ocean, and what recipes read of them: most of them, and those that are withheld for the scores.
FLOATS = $(BIN)/esmvaltool learn demo-ocean --floats && for variable in thetao so; do \
    for side in "DemoOceanFloats" "DemoOceanFloatsWithheld --withheld"; do \
        $(BIN)/esmvaltool learn format argo demo_data/floats --output demo_data --withhold 0.2 --dataset $$side \
            --variable $$variable --levels 5,16,50 --region 128,152,27,43 --step 0.25 --days 5 --start 2000-12-30 \
            || exit 1; \
    done; done

.DEFAULT_GOAL := help
.PHONY: help setup demo run test fuzz check docs bench bench-skill clean
.SUFFIXES:

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1@\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{printf "%-16s %s\n", $$1, $$2}'

demo: ## fill the gaps of the synthetic demo ocean, from set-up to report
	@$(MAKE) --no-print-directory run RECIPE=recipes/recipe_sst_reconstruction.yml

run: setup ## run RECIPE=recipes/recipe_x.yml and print where its report is (results go to OUTPUT)
	@if grep -q DemoModel "$(RECIPE)"; then $(BIN)/esmvaltool learn demo-ocean --models; fi
	@if grep -q DemoLevel3 "$(RECIPE)"; then $(BIN)/esmvaltool learn demo-ocean --level3; fi
	@if grep -qE 'DemoOcean(Depth|Profiles)' "$(RECIPE)"; then $(BIN)/esmvaltool learn demo-ocean --depth; fi
	@if grep -q DemoOceanFloats "$(RECIPE)"; then $(FLOATS); fi
	@$(BIN)/esmvaltool learn check "$(RECIPE)"
	@session="$(SESSION)_$$$$"; \
	if $(BIN)/esmvaltool run --output_dir="$(OUTPUT)" --session_name="$$session" "$(RECIPE)"; then \
	    $(BIN)/esmvaltool learn report "$(OUTPUT)/$$session"; \
	else \
	    $(BIN)/esmvaltool learn why "$(OUTPUT)/$$session"; exit 1; \
	fi

setup: $(VENV)/.installed ## install everything, and make the demo ocean
	@$(BIN)/esmvaltool learn configure
	@$(BIN)/esmvaltool learn demo-ocean

test: setup $(VENV)/.installed-test ## run the whole test suite, up to four tests at a time
	@$(BIN)/python -m pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal

fuzz: setup $(VENV)/.installed-test ## thousands of odd cubes and of slips in recipes, in search of one that comes out wrong
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest --hypothesis-show-statistics tests/filling/test_properties.py \
	    tests/cubes/test_fuzz_cubes.py
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest tests/bridge/test_mutated_recipes.py

check: $(VENV)/.installed-dev ## hold the code to its rules: style, types, layers, spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

docs: $(VENV)/.installed-docs ## build the site in docs/_build/html
	@$(BIN)/python -m sphinx -W --keep-going docs docs/_build/html

bench: setup ## measure speed and memory beside the baselines
	@$(BIN)/python benchmarks/run.py --speed

bench-skill: setup ## train on real data (DATA=files of OISST), and score all methods; about an hour
	@$(BIN)/python benchmarks/run.py --skill $(if $(DATA),--data $(DATA))

clean: ## remove what make made, but not your results
	rm -rf $(VENV) docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# The first of these names that is Python 3.12 or newer. With pyenv, .python-version settles which one it is.
$(BIN)/uv:
	@for python in $(PYTHON) python3.12 python3 python python3.13; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	        echo "Setting up $(VENV) with $$($$python --version)"; \
	        $$python -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv && exit 0 || exit 1; \
	    fi; \
	done; \
	echo "esmlearn needs Python 3.12 or newer, and found none: install it, or name it with make PYTHON=/path/to/python3.12"; \
	exit 1

# ESMPy is not on the Python package index; the stand-in never replaces a real one.
$(VENV)/.installed: pyproject.toml packaging/esmpy/pyproject.toml | $(BIN)/uv
	@echo "Installing esmlearn and what it needs (the first time takes some minutes)"
	@$(UV) --editable .
	@$(BIN)/python -c 'import esmpy' 2>/dev/null || $(UV) ./packaging/esmpy
	@touch $@

# Tools for developers, installed when first needed: .installed-test, .installed-dev, .installed-docs.
$(VENV)/.installed-%: $(VENV)/.installed
	@$(UV) --editable '.[$*]'
	@touch $@
