# SPDX-License-Identifier: MIT
# slabfuzz.  `make` alone lists what can be made; scripts/flavours.mk holds the build rules.

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CFLAGS ?= -O2 -g
MINUTES ?= 10
FLAVOURS ?= libfuzzer-asan msan m32

# What was said on the command line, checked before anything is done.  Each recipe has its own default.
refuse = $(error $(1)=$($(1)): $(2))
is_number = $(filter 1,$(shell echo '$(1)' | grep -cxE '[1-9][0-9]?[0-9]?[0-9]?[0-9]?[0-9]?'))
check_number = $(if $($(1)),$(if $(call is_number,$($(1))),,$(call refuse,$(1),wants a number from 1 to 999999)))
$(foreach v,TIME SEEDS MINUTES JOBS,$(call check_number,$(v)))
comma := ,
NO_TARGETS := $(foreach t,$(filter-out all,$(subst $(comma), ,$(T))),$(if $(wildcard targets/$(t).c),,$(t)))
$(if $(strip $(NO_TARGETS)),$(call refuse,T,there is no targets/$(firstword $(NO_TARGETS)).c))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help deps deps-ci bare-check all fuzz test unit unit32 programs planted lint smoke format clean docs coverage bench
.PHONY: campaign-test pairs pairs-test ossfuzz ossfuzz-tests ossfuzz-check claims sweep sweep-test matrix book matrix-test refute rediscover example
.PHONY: framework-faults framework-faults-test soak discovery kill-matrix replay100 replay100-faults corpora corpora-merge

help: ## list the targets
	@echo "slabfuzz: make a target below; DEV=1 turns warnings into errors, V=1 shows commands."
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  libfuzzer afl    engine binaries of all targets, which slabfuzz fuzz runs: build/<engine>/fuzz_*"
	@echo "  asan m32 msan    the tool and the replay binaries in build/<flavour>"

deps: ## install what is missing to build, fuzz and test (Debian, Ubuntu); does nothing when all is there
	@scripts/deps.sh
	@scripts/cmocka32.sh build/cmocka32

deps-ci: ## the same, and what lint, pictures, coverage, AFL++ and OSS-Fuzz's checks need
	@scripts/deps.sh ci
	@scripts/cmocka32.sh build/cmocka32

# Unless told otherwise, all processors; the make after `make deps` shares those of its parent.
ifeq ($(filter -j%,$(MAKEFLAGS))$(filter j%,$(MAKEFLAGS))$(filter $(MAKELEVEL),$(SHARED_LEVEL)),)
MAKEFLAGS += -j$(shell nproc)
endif

# One line a file; V=1 shows the commands.
Q := $(if $(V),,@)

# `make deps fuzz`: what is made of what depends on what is installed, so the rest is another make's, after that.
DEPS := $(filter deps deps-ci,$(MAKECMDGOALS))
AFTER_DEPS := $(if $(DEPS),$(filter-out deps deps-ci,$(MAKECMDGOALS)))
ifneq ($(AFTER_DEPS),)
.PHONY: after-deps $(AFTER_DEPS)
$(AFTER_DEPS): after-deps
	@:
after-deps: $(DEPS)
	@SHARED_LEVEL=$$MAKELEVEL $(MAKE) --no-print-directory $(AFTER_DEPS)
else

include scripts/flavours.mk

all: plain ## the tool build/slabfuzz and the replay binaries build/fuzz_*

# The tool comes first; parsers are fuzzed under sanitizers, all else without.
fuzz: build/slabfuzz libfuzzer $(RAW_TARGETS:%=build/libfuzzer-asan/fuzz_%) ## one campaign over all targets, or T=TARGET,..., or of TIME=SECONDS; findings in build/findings
	build/slabfuzz fuzz --target $(or $(T),all) --until-declared $(if $(TIME),--time $(TIME)) $(if $(JOBS),--jobs $(JOBS)) --out build

test: unit unit32 programs claims planted sweep-test pairs-test matrix-test example framework-faults-test campaign-test ## unit tests (plain, ASan, 32-bit), claims, regressions, planted bugs

unit: $(UNIT_TESTS) ## the unit tests only
	@scripts/run_units.sh $(UNIT_TESTS)

unit32: $(UNIT_TESTS_32) ## the same in 32 bit, where `make deps` could get a cmocka for that
	@$(if $(UNIT_TESTS_32),scripts/run_units.sh $(UNIT_TESTS_32),scripts/left_out.sh unit32 build/cmocka32 deps)

programs: plain asan m32 ## replay claims, regressions and test programs in three builds
	@scripts/run_programs.sh build/slabfuzz build/asan/slabfuzz build/m32/slabfuzz
	@scripts/check_examples.sh build/slabfuzz
	@scripts/command_line.sh build/slabfuzz
	@scripts/import_samples.sh build/slabfuzz
	@scripts/bad_input.sh build/slabfuzz
	@scripts/bad_input.sh build/asan/slabfuzz
	@scripts/full_disk.sh build/slabfuzz

claims: plain ## every claim of the threads, a line each; fails if one differs or has no program
	@build/slabfuzz claims

sweep: plain ## every fault point at every hit of every program of the corpora and traces: nothing may be found
	@scripts/sweep.sh build/slabfuzz

sweep-test: plain ## the first hits of each point only
	@scripts/sweep.sh build/slabfuzz bounded

pairs: asan ## every ordered pair of ops in the worlds of all targets, under ASan and UBSan: the tool survives
	@build/asan/slabfuzz pairs

pairs-test: plain asan ## one program in 61 of them, and what happens when one kills the tool
	@build/asan/slabfuzz pairs --every 61
	@scripts/pairs_test.sh build/slabfuzz

matrix: plain ## the safety matrix, TIME=300 seconds of fuzzing: build/matrix/matrix.html
	@scripts/matrix_html.py --help >/dev/null
	@build/slabfuzz matrix --out build/matrix --time $(or $(TIME),300)
	@scripts/matrix_html.py build/matrix

book: plain ## profile safe by the book, every allocator on every arch: TIME=1800 seconds of fuzzing in all, silent
	@build/slabfuzz matrix --questions BOOK --out build/book --time $(or $(TIME),1800)

matrix-test: plain ## a small matrix is killed, goes on, and its page opens in headless Chromium
	@scripts/matrix_test.sh build/slabfuzz

rediscover: plain ## what was claimed, found from an empty corpus, SEEDS=3: docs/rediscovery.md
	@scripts/rediscover.py --seeds $(or $(SEEDS),3)

refute: plain build/planted/slabfuzz $(MACHINES) ## what build/matrix shows unsafe falls to a short program, what it shows safe sees a planted bug
	@scripts/refute.py build/matrix

planted: build/planted/slabfuzz $(MACHINES) ## each planted bug is killed by its program, its clean twin is silent; each fault point has one
	@scripts/run_planted.sh build/planted/slabfuzz
	@scripts/fault_bugs.sh build/planted/slabfuzz

framework-faults: plain asan libfuzzer ## each planted fault of the framework ends as a bug of it, in three builds and a campaign
	+@scripts/framework_faults.sh all
	+@scripts/native_crashes.sh

framework-faults-test: plain asan ## a few of them, and a heap that makes the framework crash
	+@scripts/framework_faults.sh test
	+@scripts/native_crashes.sh

example: plain ## an allocator from outside the tree: its two bugs are found, replayed and minimised
	@scripts/example.sh

campaign-test: build/slabfuzz build/libfuzzer/fuzz_history_era ## campaigns on full disks, with killed parents, on a busy machine
	@scripts/campaign_test.sh build/slabfuzz

lint: ## formatting, clang-tidy, include arrows, house rules
	@scripts/lint.sh

smoke: plain libfuzzer $(RAW_TARGETS:%=build/libfuzzer-asan/fuzz_%) corpora ## every target for seconds; the canary must be found
	@scripts/smoke.sh

soak: $(FLAVOURS) corpora ## clean targets stay silent for MINUTES=10 each, in all FLAVOURS="libfuzzer-asan msan m32"
	@scripts/soak.sh $(MINUTES) $(FLAVOURS)

discovery: plain libfuzzer afl ## history targets from an empty corpus, SEEDS=10 each, both engines; a table
	@scripts/discovery.py --seeds $(or $(SEEDS),10) --time 60

kill-matrix: plain build/planted/slabfuzz $(MACHINES) ## oracle x planted bug, found by fuzzing, SEEDS=10 each: docs/kill-matrix.md
	@scripts/kill_matrix.py --seeds $(or $(SEEDS),10) --jobs $(shell nproc)

replay100: plain asan m32 ## each finding replays alike, 100 times out of 100, in three builds
	@scripts/replay100.py build/slabfuzz build/asan/slabfuzz build/m32/slabfuzz

replay100-faults: build/slabfuzz build/asan/slabfuzz build/m32/slabfuzz ## each report made under faults, minimised, replays with its faults 100 times out of 100
	@scripts/replay100.py --faults build/slabfuzz build/asan/slabfuzz build/m32/slabfuzz

bench: plain libfuzzer libfuzzer-asan ## speed as ratios against an empty target and a naive harness
	@scripts/bench.sh

# OSS-Fuzz ships what finds nothing by design; at most a dozen.
OSSFUZZ := slub_clean slub_debug_clean slub_dma_safe slab_clean slab_debug_clean slob_2622_clean slob_2624_clean \
	dma_api_clean io_clean user_map_clean differential parser_text
ossfuzz: $(OSSFUZZ:%=$(oss_DIR)/fuzz_%) ## targets, seeds, dictionaries, options in $$WORK/ossfuzz/out, by OSS-Fuzz's $$CC $$CFLAGS ...
	@scripts/ossfuzz_out.sh $(oss_DIR) $(OSSFUZZ)

ossfuzz-tests: $(plain_DIR)/slabfuzz ## claims and regressions only, with any compiler
	@scripts/run_programs.sh $(plain_DIR)/slabfuzz
	@$(plain_DIR)/slabfuzz claims

ossfuzz-check: ## what OSS-Fuzz checks of a project, without its images; ONLY=libfuzzer-address for one row
	@scripts/ossfuzz_check_test.py $(if $(ONLY),--quick)
	@scripts/ossfuzz_check.py $(ONLY)

bare-check: ## in a bare Debian: make deps fuzz, make deps test, with seconds; wants root and make deps-ci
	@scripts/bare_test.sh
	@scripts/bare_debian.sh

corpora: plain ## encode the text corpora to engine bytes in build/corpora
	@scripts/corpora.sh encode

corpora-merge: plain libfuzzer afl ## minimise the corpus of target T= and bring it back to text
	@scripts/corpora.sh merge $(or $(T),slub_clean)

coverage: plain ## what the corpus of target T= reaches: one line and build/coverage/T/index.html
	@scripts/coverage.sh $(or $(T),slub_clean)

docs: plain ## regenerate the tables in docs/ from the code
	@scripts/generated_docs.sh write build/slabfuzz

format: ## run clang-format over all sources
	@git ls-files '*.c' '*.h' | xargs -r clang-format -i

clean: ## remove build/
	rm -rf build

endif
