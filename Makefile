# Penstock's verbs. On a fresh Debian or Ubuntu machine with git, make and root or sudo:
#   make run     installs what is needed, builds, and runs the daily lake on recorded data, into ./demo
#   make test    installs what is needed, builds, and passes all tests
# Both are quick when nothing changed. `make help` lists the rest; JOBS=N bounds the compilers at once.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:

# A compiler on Arrow's headers takes up to 1.5 GB.
JOBS ?= $(shell awk -v n="$$(nproc)" '/^MemAvailable/ { m = int($$2 / 1572864); if (m < 1) m = 1; print (m < n ? m : n) }' /proc/meminfo)
VENV := build/venv
SOURCES = git ls-files -- 'src/*.h' 'src/*.cc' 'fuzz/*.cc' 'bench/*.h' 'bench/*.cc'

.PHONY: help
help:  ## this list
	@awk -F ':.*##' '/^[a-z-]+:.*##/ { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build  ## the daily lake on recorded data of the S&P 500, into ./demo; a second run does no work twice
	@build/release/penstock run pipelines/sp500 --demo --bucket demo

.PHONY: build
build: build/release/build.ninja  ## build/release/penstock, optimised
	@cmake --build --preset release --parallel $(JOBS)

.PHONY: test
test: build build/debug/build.ninja build/tsan/build.ninja $(VENV)/.tests s3-server  ## all tests: unit, sanitizers, structure, end to end
	@cmake --build --preset release --parallel $(JOBS) --target unit_tests
	@cmake --build --preset debug --parallel $(JOBS) --target unit_tests
	@cmake --build --preset tsan --parallel $(JOBS) --target unit_tests
	@tools/run-tests release debug tsan

.PHONY: unit
unit: build/release/build.ninja $(VENV)/.tests s3-server  ## the release tests only: while you work; ARGS='-R net' chooses
	@cmake --build --preset release --parallel $(JOBS) --target all unit_tests
	@tools/run-tests release -- $(ARGS)

.PHONY: bench
bench: build $(VENV)-bench/.bench  ## the same work by Penstock and by its peers, side by side: build/bench/results.json
	@cmake --build --preset release --parallel $(JOBS) --target penstock_bench
	@$(VENV)-bench/bin/python bench/run $(ARGS)

.PHONY: fuzz
fuzz: | packages-lint .deps/.ready  ## every fuzz target for 20 seconds with libFuzzer (clang-19)
	@cmake --preset fuzz >build/fuzz.log || { cat build/fuzz.log; exit 2; }
	@cmake --build --preset fuzz --parallel $(JOBS) --target fuzzers
	@tools/run-tests fuzz

.PHONY: format
format: | packages-lint  ## formats the sources in place
	@$(SOURCES) | xargs clang-format-19 -i

.PHONY: lint
lint: build/release/build.ninja | packages-lint  ## formatting, rules of the tree, headers that compile alone, clang-tidy; FILES='...' for some
	@$(SOURCES) | xargs clang-format-19 --dry-run --Werror
	@for test in include architecture secrets; do python3 tests/structure/$${test}_test.py; done
	@cmake --build --preset release --parallel $(JOBS) --target headers_alone
	@tools/tidy -j $(JOBS) $(FILES)

.PHONY: package
package: build  ## dist/penstock-VERSION-linux-x86_64.tar.gz: binary, libraries, pipelines
	@tools/make-package

.PHONY: clean clean-demo distclean
clean:  ## removes build/ and dist/
	rm -rf build dist
clean-demo:  ## removes demo/, the lake of `make run`
	rm -rf demo
distclean: clean clean-demo  ## removes all that is not the project's, .deps/ too
	rm -rf .deps

# --- what the verbs stand on -------------------------------------------------------------------------------------
.PHONY: packages packages-lint
packages:
	@tools/install-packages build
packages-lint:
	@tools/install-packages build lint

$(VENV)/.ready: tools/make-venv | packages
	@tools/make-venv $(VENV)
	@touch $@
$(VENV)/.tests: tests/requirements.txt | $(VENV)/.ready
	@echo "Python packages for the tests, into $(VENV)"
	@tools/make-venv $(VENV) tests/requirements.txt
	@touch $@
.PHONY: s3-server
s3-server: | $(VENV)/.ready
	@tools/install-versitygw
$(VENV)-bench/.bench: bench/requirements.txt tools/make-venv | packages
	@echo "Python packages of the peers, into $(VENV)-bench"
	@tools/make-venv $(VENV)-bench bench/requirements.txt
	@touch $@

.deps/.ready: tools/deps.lock tools/fetch-deps | packages $(VENV)/.ready
	@$(VENV)/bin/python tools/fetch-deps
	@touch $@

build/%/build.ninja: CMakePresets.json .deps/.ready | packages
	@echo "cmake --preset $*"
	@mkdir -p build && cmake --preset $* >build/$*.log 2>&1 || { cat build/$*.log; exit 2; }
	@touch $@
