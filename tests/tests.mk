# Tests. The unit tests are programs; the rest are scripts. tests/run prints the outcome.

STRUCTURE_TESTS := $(wildcard tests/structure/test_*)
E2E_TESTS       := $(wildcard tests/e2e/test_*)

.PHONY: check check-unit
check: deps-check ## install what is missing, build, run all tests
	@$(MAKE) --no-print-directory all $(TESTS)
	@BUILD=$(BUILD) tests/run $(STRUCTURE_TESTS) $(TESTS) $(E2E_TESTS)

check-unit: $(TESTS) ## run the unit tests only
	@tests/run $(TESTS)
