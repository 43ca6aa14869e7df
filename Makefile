# The doors of the house. `make demo` and `make test` are the two that everybody needs.
#
#   demo     list a model file, read all its fields, draw a map
#   test     everything that has to hold; a part that fails fails the whole
#   dev      a virtual environment with fst24 editable and every tool of the gate
#   check    the part of `test` that is worth running before each commit (under two minutes)
#   asan ubsan tsan   C and Python tests with the sanitizer in the library and in the extension
#   fuzz     one libFuzzer target: make fuzz T=open S=60
#   bench    speed, side by side with memcpy and with the reference
#   format   rewrite the sources as the formatters want them
#
# PYTHON names the interpreter to start from (3.11 or later), VENV the place of the environment.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
T ?= open
S ?= 60

export PATH := $(abspath $(VENV))/bin:$(PATH)
export MESON_TESTTHREADS := $(JOBS)
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# Tools that are started without being told where meson built things.
export FST24_BUILD_ROOT := $(CURDIR)/build

C_FILES := $(sort $(wildcard src/*.c src/*/*.c examples/c/*.c python/_core/*.c tests/c/*.c tests/threads/*.c tests/fuzz/*.c bench/c/*.c))
H_FILES := $(sort $(wildcard include/*.h src/*.h src/*/*.h python/_core/*.h tests/c/*.h tests/fuzz/*.h bench/c/*.h))
TIDY_FILES := $(filter src/% examples/% python/%,$(C_FILES))
MESON_FILES := $(sort $(wildcard meson.build meson.options */meson.build */*/meson.build)) pyproject.toml
PACKAGE_FILES := $(shell find src include python -name '*.[ch]' -o -name '*.py' -o -name '*.pyi')

.PHONY: help demo dev test check format lint types tidy c clang c-asan c-tsan py py-asan py-tsan py-fast installed \
        asan ubsan tsan fuzz bench clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,12s/^# \{0,1\}//p' Makefile

# ------------------------------------------------------------------------------- environments

# `demo` is for people who only look: it installs fst24 as pip would. `dev` adds the tools.
$(VENV)/.user: pyproject.toml $(MESON_FILES) $(PACKAGE_FILES)
	tools/setup-venv.sh $(PYTHON) $(VENV) user
	@touch $@

$(VENV)/.dev: pyproject.toml tools/setup-venv.sh
	tools/setup-venv.sh $(PYTHON) $(VENV) dev
	@touch $@ $(VENV)/.user

dev: $(VENV)/.dev

demo: $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.user)
	python examples/demo.py

# --------------------------------------------------------------------------------- the gates

# Fast things fail first. One make for each part: a failing part stops the rest and is named.
test: $(VENV)/.dev
	$(MAKE) lint
	$(MAKE) types
	$(MAKE) -j$(JOBS) tidy
	$(MAKE) c
	$(MAKE) clang
	$(MAKE) c-asan
	$(MAKE) c-tsan
	$(MAKE) py
	$(MAKE) py-asan
	$(MAKE) py-tsan
	$(MAKE) installed
	$(MAKE) demo
	@echo "make test: all parts passed"

check: $(VENV)/.dev
	$(MAKE) lint
	$(MAKE) types
	$(MAKE) -j$(JOBS) tidy
	$(MAKE) c
	$(MAKE) py-fast
	@echo "make check: all parts passed"

lint: $(VENV)/.dev
	ruff format --check .
	ruff check .
	clang-format --dry-run -Werror $(C_FILES) $(H_FILES)

format: $(VENV)/.dev
	ruff format .
	ruff check --fix .
	clang-format -i $(C_FILES) $(H_FILES)

types: $(VENV)/.dev
	mypy

# One stamp a file: only what changed is looked at again.
tidy: $(TIDY_FILES:%=build/tidy/%.ok)

build/tidy/%.ok: % .clang-tidy $(H_FILES) | build/tidy/compile_commands.json
	clang-tidy --quiet -p build/tidy $<
	@mkdir -p $(dir $@) && touch $@

build/tidy/compile_commands.json: $(MESON_FILES) | $(VENV)/.dev
	$(call setup,tidy,-Dpython=true)

# $(call setup,NAME,OPTIONS,COMPILER): configure build/NAME, or bring it up to date.
define setup
	@if [ -f build/$(1)/build.ninja ]; then meson setup --reconfigure build/$(1) $(2) >/dev/null; \
	else $(if $(3),CC=$(3)) meson setup build/$(1) $(2) >/dev/null; fi
	@ln -sf $(1)/compile_commands.json build/compile_commands.json
endef

# $(call run,NAME,OPTIONS,COMPILER,TEST OPTIONS)
define run
	$(call setup,$(1),-Dwerror=true $(2),$(3))
	meson compile -C build/$(1)
	meson test -C build/$(1) --print-errorlogs $(4)
endef

c: $(VENV)/.dev
	$(call run,gcc,,gcc)

# The second compiler sees other mistakes.
clang: $(VENV)/.dev
	@if command -v clang >/dev/null; then $(MAKE) clang-really; \
	else echo "clang is not installed: the library is not built with it (tools/install-system.sh)"; fi

.PHONY: clang-really
clang-really:
	$(call run,clang,,clang)

SANITIZE := -Db_lundef=false -Dbuildtype=debugoptimized
export ASAN_OPTIONS ?= abort_on_error=0:detect_leaks=1:allocator_may_return_null=1
export UBSAN_OPTIONS ?= halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS ?= halt_on_error=1:second_deadlock_stack=1

# clang's UBSan sees more than gcc's (an offset to NULL, for one).
c-asan: $(VENV)/.dev
	$(call run,asan-ubsan,$(SANITIZE) -Db_sanitize=address$(,)undefined,$(or $(shell command -v clang),gcc),--timeout-multiplier 4)

# The tests that start threads; the others would say the same, ten times slower.
c-tsan: $(VENV)/.dev
	$(call run,tsan,$(SANITIZE) -Db_sanitize=thread,gcc,--timeout-multiplier 6 base container find record readers)

py: $(VENV)/.dev
	python -c 'import fst24' # built once, not by each of the processes
	python -m pytest -n $(JOBS) --dist worksteal

# The extension under sanitizers, as far as every run can wait for it; `make asan tsan` is the rest.
py-asan: $(VENV)/.dev
	tools/pytest-sanitized.sh address tests/unit -q --ignore tests/unit/cli --ignore tests/unit/xarray

py-tsan: $(VENV)/.dev
	tools/pytest-sanitized.sh thread tests/unit/test_file.py -q -k sixteen

py-fast: $(VENV)/.dev
	python -c 'import fst24'
	python -m pytest tests/unit -x -q -n $(JOBS) --dist worksteal

# What others install: the library of C users, found through pkg-config, and the wheel of pip users.
installed: $(VENV)/.dev
	tools/check-installed.sh build/installed
	tools/check-wheel.sh build/wheel

# ------------------------------------------------------------------------ sanitizers, in full

asan: $(VENV)/.dev
	$(call run,asan,$(SANITIZE) -Db_sanitize=address,gcc,--timeout-multiplier 4)
	tools/pytest-sanitized.sh address $(ARGS)

ubsan: $(VENV)/.dev
	$(call run,ubsan,$(SANITIZE) -Db_sanitize=undefined,gcc,--timeout-multiplier 4)
	tools/pytest-sanitized.sh undefined $(ARGS)

tsan: c-tsan
	tools/pytest-sanitized.sh thread $(or $(ARGS),tests/unit/test_file.py tests/unit/test_streams.py tests/unit/test_settings.py)

# --------------------------------------------------------------------------- fuzz and measure

fuzz: $(VENV)/.dev
	$(call setup,fuzz,-Dfuzz=true $(SANITIZE) -Db_sanitize=address$(,)undefined -Dtests=false -Dexamples=false,clang)
	meson compile -C build/fuzz
	tools/fuzz.sh $(T) $(S)

bench: $(VENV)/.dev
	python bench/run.py $(ARGS)

clean:
	rm -rf build

# A comma inside a $(call ...) argument.
, := ,
