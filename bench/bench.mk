# Benchmarks: programs in bench/. `make bench MODEL=FILE` takes another model than the default one.

BENCH_MODEL = $(or $(MODEL),$(BORROWED_MODEL))
PICTURES   ?= $(wildcard ../shared/data/catdog/originals/*/*.jpg)

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/bench/timing.o $(BUILD)/bench/peer.o \
    $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs)

.PHONY: bench bench-decode
bench: $(BUILD)/bench/stages ## measure every stage, ms per frame; MODEL=FILE: with this network
	@$< $(if $(BENCH_MODEL),--model $(BENCH_MODEL)) $(ARGS)

bench-decode: $(BUILD)/bench/decode_choice ## what decoding small costs and changes; MODEL=FILE PICTURES="FILE ..."
	@$< $(or $(BENCH_MODEL),$(error give a model: MODEL=FILE)) \
	    $(or $(PICTURES),$(error give JPEG pictures: PICTURES="FILE ..."))

include bench/peers.mk

$(BUILD)/bench/augment: $(BUILD)/bench/augment.o $(BUILD)/tool/codec.o $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs) $(tool_libs)

.PHONY: bench-augment
bench-augment: $(BUILD)/bench/augment ## pictures that one thread augments a second, step by step
	@$<

$(BUILD)/bench/train: $(BUILD)/bench/train.o $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs)

.PHONY: bench-train
bench-train: $(BUILD)/bench/train ## training steps a second, ours and PyTorch's (python3-torch); ROUNDS=5
	@/usr/bin/python3 bench/train.py $< --rounds $(or $(ROUNDS),5)

$(BUILD)/tests/bench/test_costs_fit: $(BUILD)/bench/costs_fit.o

$(BUILD)/bench/costs: $(BUILD)/bench/costs.o $(BUILD)/bench/costs_fit.o $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs)

.PHONY: bench-costs
bench-costs: $(BUILD)/bench/costs $(PEER_NETS:%=$(PEER_DIR)/%.h5) ## fit nn/choose.c's costs to this processor; ARGS="--cpu sse2 --seconds 60"
	@$< $(ARGS) $(filter %.h5,$^)
