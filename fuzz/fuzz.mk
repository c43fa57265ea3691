# Fuzzing with clang's libFuzzer: fuzz/fuzz_NAME.c is one parser's entry, fuzz/corpus/NAME/ its seeds and
# every input that once broke it.

FUZZ_NAMES   := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_BUILD   := $(BUILD)/fuzz
FUZZ_SECONDS ?= 20

.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_NAMES:%=$(BUILD)/fuzz_%)

$(BUILD)/fuzz_%: $(BUILD)/fuzz/fuzz_%.o $(BUILD)/libpawcam.a
	$(call say,LD )clang++ $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(pkg_libs)

fuzz: ## fuzz each parser for FUZZ_SECONDS (20); needs clang
	@$(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CC=clang CXX=clang++ \
	    SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@for name in $(FUZZ_NAMES); do \
	    mkdir -p $(FUZZ_BUILD)/corpus/$$name; \
	    echo "fuzzing $$name for $(FUZZ_SECONDS) s"; \
	    $(FUZZ_BUILD)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -close_fd_mask=3 \
	        -artifact_prefix=$(FUZZ_BUILD)/$$name- \
	        $(FUZZ_BUILD)/corpus/$$name $$(ls -d fuzz/corpus/$$name 2>/dev/null) || exit 1; \
	done; echo "fuzzing found nothing"
