# make bench-peers: our engine beside other libraries. Only this target needs them.

PEER_PACKAGES := libdnnl-dev python3-h5py python3-numpy $(if $(shell command -v npm),,nodejs npm)
PEER_DIR      := $(BUILD)/bench/peers
PEER_NETS     := n1 n2 n3
PEER_SECONDS  ?= 3
# Of a turn in which weights stay near.
PEER_PICTURES ?= 10
PEER_OBJ      := $(patsubst %,$(PEER_DIR)/%.o,compare pawcam onednn opencv_dnn onnxruntime)

# The threads of oneDNN's OpenMP; and its code for AVX2 only, as the second comparison asks.
PEER_ENV      := OMP_NUM_THREADS=1 PAWCAM_ORT_SCRIPT=$(PEER_DIR)/onnxruntime.js
peer_files     = $(foreach net,$(PEER_NETS),$(net) $(PEER_DIR)/$(net).h5 $(PEER_DIR)/$(net).onnx)

$(PEER_DIR)/compare: $(PEER_OBJ) $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs) -lopencv_dnn -ldnnl

$(PEER_DIR)/%.h5: bench/%.recipe $(BUILD)/pawcam
	@mkdir -p $(@D)
	@$(BUILD)/pawcam init --out $@ $<

# A tuning is for one set of kernels, so each tunes a copy. Kernels that are not for this machine stay out.
PEER_CPUS  := avx512 avx2
peer_tuned  = $(foreach cpu,$(PEER_CPUS),$(PEER_NETS:%=$(PEER_DIR)/$(cpu)/%.h5))
define peer_tune
$(PEER_DIR)/$(1)/%.h5: $(PEER_DIR)/%.h5
	@mkdir -p $$(@D)
	@cp $$< $$@
	@$(BUILD)/pawcam tune --cpu $(1) $$@ || true
endef
$(foreach cpu,$(PEER_CPUS),$(eval $(call peer_tune,$(cpu))))

# On 8 bits; the ranges are those of drawn pictures.
$(PEER_DIR)/drawn: | $(BUILD)/pawcam
	@rm -rf $@.part
	@$(BUILD)/pawcam draw --out $@.part --count 60 --seed 1 --size 160
	@mv $@.part $@

$(PEER_DIR)/int8/%.h5: $(PEER_DIR)/%.h5 | $(PEER_DIR)/drawn
	@mkdir -p $(@D)
	@$(BUILD)/pawcam quantize $< --calibrate $(PEER_DIR)/drawn/dog --out $@ || true

$(PEER_DIR)/%.onnx: $(PEER_DIR)/%.h5 bench/peers/keras_to_onnx.py
	@/usr/bin/python3 bench/peers/keras_to_onnx.py $< $@

# node looks for node_modules beside the script. The package's install script would only fetch CUDA.
$(PEER_DIR)/onnxruntime.js: bench/peers/onnxruntime.js
	@mkdir -p $(@D)
	@cd $(@D) && npm install --silent --no-save --ignore-scripts --prefix . onnxruntime-node@1.30.0
	@cp $< $@

.PHONY: bench-peers bench-peers-deps
bench-peers-deps:
	$(call install_packages,$(PEER_PACKAGES))

bench-peers: bench-peers-deps ## our speed beside onnxruntime, oneDNN and OpenCV DNN
	@$(MAKE) --no-print-directory $(PEER_DIR)/compare $(PEER_DIR)/onnxruntime.js \
	    $(PEER_NETS:%=$(PEER_DIR)/%.h5) $(PEER_NETS:%=$(PEER_DIR)/%.onnx) $(PEER_NETS:%=$(PEER_DIR)/int8/%.h5)
	@$(MAKE) --no-print-directory -j1 $(peer_tuned) # one measures at a time
	@echo "$(PEER_PICTURES) pictures a turn:"
	@$(PEER_ENV) $(PEER_DIR)/compare $(PEER_SECONDS) $(PEER_PICTURES) $(peer_files)
	@echo "and with oneDNN limited to AVX2:"
	@$(PEER_ENV) DNNL_MAX_CPU_ISA=AVX2 $(PEER_DIR)/compare $(PEER_SECONDS) $(PEER_PICTURES) $(peer_files)
	@echo "One picture a turn, weights far away:"
	@$(PEER_ENV) $(PEER_DIR)/compare $(PEER_SECONDS) 1 $(peer_files)
	@echo "and with oneDNN limited to AVX2:"
	@$(PEER_ENV) DNNL_MAX_CPU_ISA=AVX2 $(PEER_DIR)/compare $(PEER_SECONDS) 1 $(peer_files)
