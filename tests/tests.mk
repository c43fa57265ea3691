# Tests. The unit tests are programs; the rest are scripts. tests/run prints the outcome.

STRUCTURE_TESTS := $(wildcard tests/structure/test_*)
E2E_TESTS       := $(wildcard tests/e2e/test_*)

# The video module is looked for beside the program, so the tests of capture/ have it there too.
TEST_MODULES    := $(BUILD)/tests/capture/pawcam-video.so

.PHONY: check check-unit
check: deps-check ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory all $(TESTS) $(TEST_MODULES)
	@BUILD=$(BUILD) tests/run $(STRUCTURE_TESTS) $(TESTS) $(E2E_TESTS)

check-unit: $(TESTS) $(TEST_MODULES) ## run the unit tests only
	@tests/run $(TESTS)

$(TEST_MODULES): $(MODULES)
	@mkdir -p $(@D)
	@ln -sf ../../pawcam-video.so $@
