# SPDX-License-Identifier: MIT
# Code under test from outside the tree: `make outside OUTSIDE=DIR` (DIR absolute) builds DIR/build/slabfuzz, the replay
# binaries DIR/build/fuzz_* and, where there is a clang, the engine's DIR/build/libfuzzer/fuzz_*.
#
#   DIR/registry.def  the lines to add to fuzz/registry.def    DIR/*.c  the code under test and its adapter
#   DIR/targets/*.c   targets; the tool knows these only
# OUTSIDE_FLAVOURS adds others: asan, libfuzzer-asan, afl.  `make outside-contract` builds and runs the tests that the
# contract record asks for: DIR/build/contract NAME, of one heap.

OUTSIDE_FLAVOURS ?= plain $(if $(shell command -v $(CLANG)),libfuzzer)
OUTSIDE_SOURCES := $(notdir $(wildcard $(OUTSIDE)/*.c))
OUTSIDE_TARGETS := $(basename $(notdir $(wildcard $(OUTSIDE)/targets/*.c)))

# $(1) flavour, $(2) its directory in the tree, $(3) its directory outside
define outside
$(3)/cov/%.o: $(OUTSIDE)/%.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$(or $($(1)_COVCC),$($(1)_CC)) $(COMPILE) $($(1)_FLAGS) $($(1)_COV) -c -o $$@ $$<
$(3)/obj/targets/%.o: $(OUTSIDE)/targets/%.c
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$($(1)_CC) $(COMPILE) $($(1)_FLAGS) -c -o $$@ $$<
$(3)/obj/registry.o: fuzz/registry.c $(OUTSIDE)/registry.def
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  CC    $$@")
	$$(Q)$($(1)_CC) $(COMPILE) $($(1)_FLAGS) -DSLABFUZZ_REGISTRY_EXTRA='"$(OUTSIDE)/registry.def"' -c -o $$@ $$<
$(3)/obj/%_registry.o: $(3)/%_registry.c
	@mkdir -p $$(@D)
	$$(Q)$($(1)_CC) $(COMPILE) $($(1)_FLAGS) -c -o $$@ $$<
$(3)/targets_registry.c: $(OUTSIDE_TARGETS:%=$(OUTSIDE)/targets/%.c) scripts/targets_registry.sh
	@mkdir -p $$(@D)
	@scripts/targets_registry.sh $(OUTSIDE_TARGETS) > $$@
$(3)/planted_registry.c: scripts/plant.sh
	@mkdir -p $$(@D)
	@scripts/plant.sh registry > $$@
$(3)/named/%.o: $(3)/obj/targets/%.o
	@mkdir -p $$(@D)
	@objcopy --redefine-sym target=target_$$* $$< $$@

# Before the archives: what is defined here is not taken from them.
$(OUTSIDE_TARGETS:%=$(3)/fuzz_%): $(3)/fuzz_%: $(3)/obj/targets/%.o $(3)/obj/registry.o $(3)/obj/planted_registry.o \
		$(OUTSIDE_SOURCES:%.c=$(3)/cov/%.o) $(2)/obj/fuzz/libfuzzer.o \
		$(if $($(1)_LINK),,$(2)/obj/fuzz/replay.o) $(2)/libcore.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$(or $($(1)_LINK),$($(1)_CC)) $($(1)_FLAGS) -o $$@ $$^
$(3)/slabfuzz: $(patsubst %.c,$(2)/obj/%.o,$(filter fuzz/main%,$(TOOL))) $(3)/obj/registry.o \
		$(3)/obj/planted_registry.o $(3)/obj/targets_registry.o $(OUTSIDE_TARGETS:%=$(3)/named/%.o) \
		$(OUTSIDE_SOURCES:%.c=$(3)/cov/%.o) $(2)/libtool.a $(2)/libcore.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$($(1)_CC) $($(1)_FLAGS) -o $$@ $$^ $(TOOL_LIBS)
$(3)/contract: $(2)/obj/tests/test_contract_all.o $(3)/obj/registry.o $(3)/obj/planted_registry.o \
		$(3)/obj/targets_registry.o $(OUTSIDE_TARGETS:%=$(3)/named/%.o) $(OUTSIDE_SOURCES:%.c=$(3)/cov/%.o) \
		$(2)/libhelpers.a $(2)/libtool.a $(2)/libcore.a
	@$$(if $$(V),,echo "  LINK  $$@")
	$$(Q)$($(1)_CC) $($(1)_FLAGS) -o $$@ $$^ $(2)/libhelpers.a $(2)/libcore.a $(or $($(1)_CMOCKA),-lcmocka) $(TOOL_LIBS)
$(3)/libslabfuzz_mutator.so: $(2)/libslabfuzz_mutator.so
	@cp $$< $$@

outside: $(OUTSIDE_TARGETS:%=$(3)/fuzz_%) $(if $($(1)_LINK),,$(3)/slabfuzz) \
	$(if $(filter afl,$(1)),$(3)/libslabfuzz_mutator.so)
endef

.PHONY: outside outside-contract
# By their text names, which the sources of the adapters give.
outside-contract: $(OUTSIDE)/build/contract
	@for name in $$(sed -n 's/^\t\.name = "\(.*\)",$$/\1/p' $(OUTSIDE)/*.c); do $< $$name || exit 1; done
$(foreach f,$(OUTSIDE_FLAVOURS),$(eval $(call outside,$(f),$(or $($(f)_DIR),build/$(f)),$(OUTSIDE)/$(or $($(f)_DIR),build/$(f)))))

-include $(shell [ -d $(OUTSIDE)/build ] && find $(OUTSIDE)/build -name '*.d')
