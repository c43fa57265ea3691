# Tests. The unit tests are programs; the rest are scripts. tests/run prints the outcome. The longest
# come first, so that none of them runs alone at the end.

STRUCTURE_TESTS := $(wildcard tests/structure/test_*)
E2E_TESTS       := $(wildcard tests/e2e/test_*)

# The video module is looked for beside the program, so the tests of capture/ have it there too.
TEST_MODULES    := $(BUILD)/tests/capture/pawcam-video.so

# Programs that end-to-end tests run.
TEST_HELPERS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/e2e/*.c))

include tests/vm/vm.mk

.PHONY: check check-unit check-programs check-valgrind
check: deps-check ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory all $(TESTS) $(TEST_MODULES) $(TEST_HELPERS) $(VM_PROGRAMS)
	@BUILD=$(BUILD) tests/run $(VM_TESTS) $(E2E_TESTS) $(STRUCTURE_TESTS) $(TESTS)

check-unit: $(TESTS) $(TEST_MODULES) ## run the unit tests only
	@tests/run $(TESTS)

$(TEST_MODULES): $(MODULES)
	@mkdir -p $(@D)
	@ln -sf ../../pawcam-video.so $@

# Sanitizers make a program several times slower; it may take as much longer until it counts as hanging.
SLOWER = $(if $(strip $(SANITIZE)),CK_TIMEOUT_MULTIPLIER=3 PAWCAM_TEST_TIMEOUT=$${PAWCAM_TEST_TIMEOUT:-900})

check-programs: all $(TESTS) $(TEST_MODULES) $(TEST_HELPERS) ## run the unit and the end-to-end tests, say with SANITIZE=thread
	@$(SLOWER) BUILD=$(BUILD) tests/run $(E2E_TESTS) $(TESTS)

# Those that are about memory and strings; the arithmetic would take valgrind hours.
# One at a time: valgrind is slow enough, and some tests say how soon a viewer hears of a change.
VALGRIND_TESTS := $(filter $(foreach d,classify common config daemon keras web,$(BUILD)/tests/$(d)/%),$(TESTS))

check-valgrind: $(VALGRIND_TESTS) ## run unit tests under valgrind
	@PAWCAM_TEST_JOBS=1 PAWCAM_TEST_WRAPPER="valgrind -q --error-exitcode=9 --leak-check=full" \
	    tests/run $(VALGRIND_TESTS)

# The tests of the inference engine as aarch64 programs, in qemu's user mode: BUILD is that build's
# own folder, and tests/neon/check.h stands in for the Check library.
NN_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(KERNEL_SRC) $(INT8_SRC) $(AMX_SRC),$(wildcard nn/*.c)) common/clock.c common/error.c common/text.c) \
          $(KERNEL_OBJ)
$(BUILD)/neon-%: $(BUILD)/tests/nn/%.o $(NN_OBJ)
	$(call say,LD )$(CC) $(LDFLAGS) -o $@ $^ -lm

NEON_TESTS := $(foreach t,kernels plan logits memory tune int8_kernels int8_plan,$(BUILD)/neon/neon-test_$(t))

.PHONY: check-neon
check-neon: ## test the NEON kernels with a cross-compiler and qemu
	$(call install_packages,gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
	@CPPFLAGS=-Itests/neon LDFLAGS=-static $(MAKE) --no-print-directory CC=aarch64-linux-gnu-gcc \
	    BUILD=$(BUILD)/neon pkg_cflags= $(NEON_TESTS)
	@PAWCAM_TEST_WRAPPER=qemu-aarch64 tests/run $(NEON_TESTS)
