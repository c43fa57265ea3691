# Tests. The unit tests are programs; the rest are scripts. tests/run prints the outcome.

STRUCTURE_TESTS := $(wildcard tests/structure/test_*)
E2E_TESTS       := $(wildcard tests/e2e/test_*)

# The video module is looked for beside the program, so the tests of capture/ have it there too.
TEST_MODULES    := $(BUILD)/tests/capture/pawcam-video.so

# Programs that end-to-end tests run.
TEST_HELPERS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/e2e/*.c))

include tests/vm/vm.mk

.PHONY: check check-unit check-programs check-valgrind
check: deps-check ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory all $(TESTS) $(TEST_MODULES) $(TEST_HELPERS)
	@BUILD=$(BUILD) tests/run $(STRUCTURE_TESTS) $(TESTS) $(E2E_TESTS)

check-unit: $(TESTS) $(TEST_MODULES) ## run the unit tests only
	@tests/run $(TESTS)

$(TEST_MODULES): $(MODULES)
	@mkdir -p $(@D)
	@ln -sf ../../pawcam-video.so $@

check-programs: all $(TESTS) $(TEST_MODULES) $(TEST_HELPERS) ## run the unit and the end-to-end tests, say with SANITIZE=thread
	@BUILD=$(BUILD) tests/run $(TESTS) $(E2E_TESTS)

# Those that are about memory and strings; the arithmetic would take valgrind hours.
VALGRIND_TESTS := $(filter $(foreach d,common config daemon keras web,$(BUILD)/tests/$(d)/%),$(TESTS))

check-valgrind: $(VALGRIND_TESTS) ## run unit tests under valgrind
	@PAWCAM_TEST_WRAPPER="valgrind -q --error-exitcode=9 --leak-check=full" \
	    tests/run $(VALGRIND_TESTS)
