# SPDX-License-Identifier: MIT
# Build flavours: each compiles every source into an object tree of its own.
#
# F_DIR  where it goes                     F_CC     compiler of the framework
# F_FLAGS flags of every object            F_COVCC  compiler of the code under test
# F_COV  flags of the code under test      F_LINK   links an engine target; F_MAIN: replay main instead of an engine
# Coverage goes to sim/ allocators/ backends/ only: coverage of the framework is noise to an engine.  The parser and
# importer targets are about program/ and fuzz/import*, so those are compiled once more, with coverage, for them.

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
ifneq ($(filter 1 true,$(DEV) $(CI)),)
WARNINGS += -Werror
endif
COMPILE := -std=c11 -D_GNU_SOURCE -I. -MMD -MP $(WARNINGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
MEMORY := -fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer

ALL_FLAVOURS := plain asan m32 msan libfuzzer libfuzzer-asan afl oss

plain_DIR := build
plain_CC := $(CC)
plain_FLAGS := $(CFLAGS)
asan_CC := $(CLANG)
asan_FLAGS := -O1 -g $(SANITIZE)
m32_CC := gcc -m32
m32_FLAGS := -O2 -g
m32_EMULATION := elf_i386
m32_CMOCKA := build/cmocka32/libcmocka.so.0 -Wl,-rpath,$(abspath build/cmocka32)
msan_CC := $(CLANG)
msan_FLAGS := -O1 -g $(MEMORY)
libfuzzer_CC := $(CLANG)
libfuzzer_FLAGS := -O2 -g
# Counters only: what it measures beside them costs time and steers nothing here.
libfuzzer_COV := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth,indirect-calls
libfuzzer_LINK := $(CLANG) -fsanitize=fuzzer
libfuzzer-asan_CC := $(CLANG)
# Sanitizers watch the code under test; the framework, which poisons memory for it, runs under them in the asan flavour.
# Nor are pointers checked here for what ASan sees anyway, or x86 does not mind: a quarter of a run.
libfuzzer-asan_FLAGS := -O2 -g -fno-omit-frame-pointer -DSIM_ASAN=1
libfuzzer-asan_COV := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
	-fno-sanitize=null,object-size,alignment,pointer-overflow
libfuzzer-asan_LINK := $(CLANG) -fsanitize=fuzzer,address,undefined
afl_CC := $(CLANG)
afl_FLAGS := -O2 -g -fPIC
# The compiler is chosen by folder, which does what an allow list would do without a second list of folders.
afl_COVCC := AFL_QUIET=1 afl-clang-fast
afl_LINK := AFL_QUIET=1 afl-clang-fast -fsanitize=fuzzer

# OSS-Fuzz's environment says all of it: compilers, sanitizers, coverage, engine, and where to write.
oss_DIR := $(or $(WORK),build)/ossfuzz
oss_CC := $(CC)
oss_FLAGS := $(CFLAGS)
oss_LINK := $(CXX) $(CXXFLAGS)
oss_ENGINE := $(LIB_FUZZING_ENGINE)
oss_PLANTED := none

# The code under test, and the rest of the core.  A missing folder is an empty list.
UNDER_TEST := $(wildcard sim/*.c allocators/*.c backends/*.c)
# Of that, what an engine is told of: not the machine underneath, nor the checks of invariants.
# The session is for the empty program: without one edge libFuzzer says that nothing is instrumented, and ends.
TRACED := $(filter-out sim/% %_invariants.c,$(UNDER_TEST)) fuzz/session.c
TOOL := $(wildcard fuzz/main*.c fuzz/tool_*.c)
ENTRY := fuzz/libfuzzer.c fuzz/replay.c fuzz/replay_raw.c fuzz/aflplusplus.c
IMPORT := $(wildcard fuzz/import*.c)
FRAMEWORK := $(wildcard oracles/*.c program/*.c) $(filter-out $(TOOL) $(ENTRY),$(wildcard fuzz/*.c))
# All that those need: a sanitizers' build of them is a matter of seconds.
PARSER := $(wildcard program/*.c) sim/invariant.c $(IMPORT)
RAW_REPLAY := fuzz/replay_files.c fuzz/input_file.c
RAW_TARGETS := $(basename $(notdir $(wildcard targets/parser_*.c targets/import_*.c)))
TARGETS := $(filter-out $(RAW_TARGETS),$(basename $(notdir $(wildcard targets/*.c))))
PATCHES := $(wildcard tests/planted/*.patch)
# A build has those that targets and unit tests name; all of them, which takes minutes, are in build/planted/slabfuzz, which
# is for `make planted` and its like.
NAMERS := $(wildcard targets/*.c tests/test_*.c)
NAMED_PATCHES := $(patsubst %,tests/planted/%.patch,$(sort $(shell \
	sed -n -E 's/.*(allocator|peers)=[a-z0-9-]*\+([a-z0-9-]*).*/\2/p' $(NAMERS))))
UNNAMED_PATCHES := $(filter-out $(NAMED_PATCHES),$(PATCHES))
# tests/<noun>.c without test_ in front is a helper of all of them, and of nothing else: it may want cmocka.
TESTS := $(basename $(notdir $(wildcard tests/test_*.c)))
TEST_HELPERS := $(filter-out tests/test_%,$(wildcard tests/*.c))
UNIT_TESTS := $(TESTS:%=build/tests/%) $(TESTS:%=build/asan/tests/%)
# In 32 bit where `make deps` could get a cmocka for that.
UNIT_TESTS_32 := $(if $(wildcard build/cmocka32/libcmocka.so.0),$(TESTS:%=build/m32/tests/%))
TOOL_LIBS := -lz

# $(1) flavour, $(2) its directory
define flavour
.PHONY: $(1)
$(1): $(RAW_TARGETS:%=$(2)/fuzz_%) $(if $(wildcard fuzz/libfuzzer.c),$(TARGETS:%=$(2)/fuzz_%))

$(2)/obj/%.o: %.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$($(1)_CC) $(COMPILE) $($(1)_FLAGS) -c -o $$@ $$<
$(2)/cov/%.o: %.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$(or $($(1)_COVCC),$($(1)_CC)) $(COMPILE) $($(1)_FLAGS) $($(1)_COV) $$(COMPARISONS) -c -o $$@ $$<
$(2)/obj/%.o: $(2)/%.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$($(1)_CC) $(COMPILE) $($(1)_FLAGS) -c -o $$@ $$<

# Edits are made on ops, not on bytes: what a comparison saw helps no mutator.
$(if $($(1)_COV),$(TRACED:%.c=$(2)/cov/%.o): COMPARISONS := -fno-sanitize-coverage=trace-cmp)
$(2)/libcore.a: $(TRACED:%.c=$(2)/cov/%.o) $(patsubst %.c,$(2)/obj/%.o,$(filter-out $(TRACED),$(UNDER_TEST) $(FRAMEWORK)))
$(2)/libparser.a: $(PARSER:%.c=$(2)/cov/%.o)
$(2)/libtool.a: $(patsubst %.c,$(2)/obj/%.o,$(filter fuzz/tool_%,$(TOOL)))
$(2)/libplanted.a: $(if $($(1)_PLANTED),,$(NAMED_PATCHES:tests/planted/%.patch=$(2)/planted/%.o))
$(2)/libhelpers.a: $(TEST_HELPERS:%.c=$(2)/obj/%.o)
$(2)/lib%.a:
	@rm -f $$@
	@ar rcs $$@ $$^

# A planted bug: the objects of the model, one of them patched, one symbol left global.
$(1)_MODELS := $(patsubst %.c,$(2)/cov/%.o,$(filter allocators/%,$(TRACED))) \
	$(patsubst %.c,$(2)/obj/%.o,$(filter-out $(TRACED),$(wildcard allocators/*.c)))
$(2)/planted/%.o: tests/planted/%.patch scripts/plant.sh $$($(1)_MODELS)
	@$$(if $$(V),,echo "  PLANT $$@")
	@scripts/plant.sh object $$< $$@ $(or $($(1)_EMULATION),elf_x86_64) \
		'$(or $($(1)_COVCC),$($(1)_CC)) $(COMPILE) $($(1)_FLAGS) $($(1)_COV)' $$($(1)_MODELS)
# Who links which planted bugs: the tool those that anybody names, a target those that its source names.
$(2)/planted_registry.c: $(PATCHES) scripts/plant.sh $(2)/planted.list
	@scripts/plant.sh registry $(NAMED_PATCHES) --elsewhere $(UNNAMED_PATCHES) > $$@.new
	@cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@
# A patch that came or went, or is named now.
$(2)/planted.list: FORCE
	@mkdir -p $$(@D)
	@echo '$(NAMED_PATCHES) $(UNNAMED_PATCHES)' | cmp -s - $$@ || echo '$(NAMED_PATCHES) $(UNNAMED_PATCHES)' > $$@
$(2)/planted_of/%.c: targets/%.c $(PATCHES) scripts/plant.sh
	@mkdir -p $$(@D)
	@scripts/plant.sh registry $$$$(scripts/plant.sh named-in $$<) > $$@

# The tool knows all targets: their symbol `target` becomes target_<name>.
$(2)/targets_registry.c: $(TARGETS:%=targets/%.c) $(RAW_TARGETS:%=targets/%.c) scripts/flavours.mk scripts/targets_registry.sh
	@mkdir -p $$(@D)
	@scripts/targets_registry.sh $(TARGETS) --raw $(RAW_TARGETS:%=targets/%.c) > $$@
$(2)/named/%.o: $(2)/obj/targets/%.o
	@mkdir -p $$(@D)
	@objcopy --redefine-sym target=target_$$* $$< $$@

$(TARGETS:%=$(2)/fuzz_%): $(2)/fuzz_%: $(2)/obj/targets/%.o $(2)/obj/planted_of/%.o $(2)/obj/fuzz/libfuzzer.o \
		$(if $($(1)_LINK),,$(2)/obj/fuzz/replay.o) $(2)/libcore.a $(2)/libplanted.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$(or $($(1)_LINK),$($(1)_CC)) $($(1)_FLAGS) -o $$@ $$^ $(2)/libcore.a $($(1)_ENGINE)
$(RAW_TARGETS:%=$(2)/fuzz_%): $(2)/fuzz_%: $(2)/obj/targets/%.o \
		$(if $($(1)_LINK),,$(2)/obj/fuzz/replay_raw.o $(RAW_REPLAY:%.c=$(2)/obj/%.o)) $(2)/libparser.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$(or $($(1)_LINK),$($(1)_CC)) $($(1)_FLAGS) -o $$@ $$^ $($(1)_ENGINE)

$(2)/slabfuzz: $(patsubst %.c,$(2)/obj/%.o,$(filter fuzz/main%,$(TOOL))) $(2)/obj/targets_registry.o \
		$(TARGETS:%=$(2)/named/%.o) $(2)/obj/planted_registry.o $(2)/libtool.a $(2)/libcore.a $(2)/libplanted.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$($(1)_CC) $($(1)_FLAGS) -o $$@ $$^ $(2)/libcore.a $(TOOL_LIBS)

$(TESTS:%=$(2)/tests/%): $(2)/tests/%: $(2)/obj/tests/%.o $(2)/libhelpers.a $(2)/libtool.a $(2)/libcore.a \
		$(2)/obj/planted_registry.o $(2)/libplanted.a $(2)/obj/targets_registry.o $(TARGETS:%=$(2)/named/%.o)
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$($(1)_CC) $($(1)_FLAGS) -o $$@ $$^ $(2)/libhelpers.a $(2)/libcore.a $(or $($(1)_CMOCKA),-lcmocka) $(TOOL_LIBS)
endef

$(foreach f,$(ALL_FLAVOURS),$(eval $(call flavour,$(f),$(or $($(f)_DIR),build/$(f)))))

# Flavours that also have the tool.
$(foreach f,plain asan m32 msan,$(eval $(f): $(if $(filter fuzz/main%,$(TOOL)),$(or $($(f)_DIR),build/$(f))/slabfuzz)))

# All bugs planted in allocators.
build/planted/slabfuzz: $(patsubst %.c,build/obj/%.o,$(filter fuzz/main%,$(TOOL))) build/obj/targets_registry.o \
		$(TARGETS:%=build/named/%.o) build/planted/registry/all.o build/libtool.a build/libcore.a \
		$(PATCHES:tests/planted/%.patch=build/planted/%.o) build/slabfuzz
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(plain_CC) $(plain_FLAGS) -o $@ $(filter-out build/slabfuzz,$^) build/libcore.a $(TOOL_LIBS)
build/planted/registry/all.c: $(PATCHES) scripts/plant.sh build/planted.list
	@mkdir -p $(@D)
	@scripts/plant.sh registry $(PATCHES) > $@
build/planted/registry/all.o: build/planted/registry/all.c
	@$(plain_CC) $(COMPILE) $(plain_FLAGS) -c -o $@ $<

# Bugs of the machine: a tool each.
MACHINE_PATCHES := $(wildcard tests/planted/machine/*.patch)
MACHINES := $(MACHINE_PATCHES:tests/planted/machine/%.patch=build/machine/%)
MACHINE_SOURCES := $(UNDER_TEST) $(FRAMEWORK) $(wildcard sim/*.h sim/*.def backends/*.h fuzz/*.h oracles/*.h)
$(filter build/machine/region-%.o,$(MACHINES:%=%.o)): tests/bump_heap.c tests/bump_heap.h
build/machine/%.o: tests/planted/machine/%.patch scripts/plant.sh $(MACHINE_SOURCES)
	@mkdir -p $(@D)
	@$(if $(V),,echo "  PLANT $@")
	@scripts/plant.sh machine $< $@ '$(plain_CC) $(COMPILE) $(plain_FLAGS)'
# Objects that come before the archives.  A bug at a time: no planted allocator, and nothing for a debugger, or 80 tools
# take gigabytes.
link_machine = $(if $(V),,echo "  LINK  $@";) $(plain_CC) $(plain_FLAGS) -Wl,--strip-debug -o $@ $(1) \
	$(patsubst %.c,build/obj/%.o,$(filter fuzz/main%,$(TOOL))) build/obj/targets_registry.o $(TARGETS:%=build/named/%.o) \
	build/machine/registry/unplanted.o build/libtool.a build/libcore.a $(TOOL_LIBS)
build/machine/registry/unplanted.c: scripts/plant.sh
	@mkdir -p $(@D)
	@scripts/plant.sh registry > $@
build/machine/registry/unplanted.o: build/machine/registry/unplanted.c
	@$(plain_CC) $(COMPILE) $(plain_FLAGS) -c -o $@ $<
build/machine/%: build/machine/%.o build/machine/registry/unplanted.o build/slabfuzz build/libtool.a build/libcore.a
	@$(call link_machine,$<)
# The heap of region-* is a helper of the tests that no other tool knows; `region` has no bug.
build/machine/registry/heaps.o: fuzz/registry.c fuzz/registry.def tests/heaps.def
	@mkdir -p $(@D)
	@$(plain_CC) $(COMPILE) $(plain_FLAGS) -DSLABFUZZ_REGISTRY_EXTRA='"tests/heaps.def"' -c -o $@ $<
build/machine/region-%: build/machine/region-%.o build/machine/registry/heaps.o build/machine/registry/unplanted.o build/slabfuzz
	@$(call link_machine,$(wordlist 1,2,$^))
build/machine/region: build/machine/registry/heaps.o build/obj/tests/bump_heap.o build/machine/registry/unplanted.o build/slabfuzz
	@$(call link_machine,$(wordlist 1,2,$^))
MACHINES += build/machine/region

# For scripts/framework_faults.sh, a line each: build|folder|how it is compiled, build|link|how an executable is linked.
.PHONY: framework-commands
framework-commands:
	@$(foreach f,plain asan libfuzzer,$(foreach d,fuzz oracles program sim, \
		echo '$(f)|$(d)|$($(f)_CC) $(COMPILE) $($(f)_FLAGS)';) \
		echo '$(f)|backends|$($(f)_CC) $(COMPILE) $($(f)_FLAGS) $($(f)_COV)'; \
		echo '$(f)|link|$(or $($(f)_LINK),$($(f)_CC)) $($(f)_FLAGS)';)

afl: $(if $(wildcard fuzz/aflplusplus.c),build/afl/libslabfuzz_mutator.so)
# afl-fuzz loads it; built without coverage or it would fuzz itself.
build/afl/libslabfuzz_mutator.so: $(patsubst %.c,build/afl/obj/%.o,fuzz/aflplusplus.c sim/invariant.c $(wildcard program/*.c))
	@$(if $(V),,echo "  LINK  $@")
	$(Q)$(CLANG) -shared -o $@ $^

-include $(shell [ -d build ] && find build -name '*.d')

ifneq ($(OUTSIDE),)
include scripts/outside.mk
endif

.PHONY: FORCE
FORCE:
