# pawcam. `make help` lists the targets; the variables below can be set on the command line.

BUILD    ?= build
PREFIX   ?= /usr/local
CC       ?= cc
CXX      ?= c++
SANITIZE ?=# address,undefined or thread
WERROR   ?=# -Werror in CI
VERSION  := 0.1.0
V        ?=# 1: show whole commands

# All processors, unless -j says otherwise; a make below this one has its jobs from it.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

.DEFAULT_GOAL := all

include packaging/packages.mk

# --- flags -------------------------------------------------------------------------------------

VIDEO_PKGS := libavformat libavcodec libavutil libswscale
PKGS      := opencv4 libturbojpeg libmicrohttpd hdf5 jansson libsystemd
WARNINGS  := -Wall -Wextra -Wshadow -Wconversion $(WERROR)
CWARNINGS := $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
OPTIMIZE  ?= -O2 -g
CPPFLAGS  += -I. -D_GNU_SOURCE -DPAWCAM_VERSION='"$(VERSION)"' -DPAWCAM_PREFIX='"$(PREFIX)"'
CFLAGS    += -std=c17 $(OPTIMIZE) $(CWARNINGS) -pthread -fno-math-errno
CXXFLAGS  += -std=c++17 $(OPTIMIZE) $(WARNINGS) -pthread
LDFLAGS   += -pthread
ifneq ($(strip $(SANITIZE)),)
CFLAGS    += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
CXXFLAGS  += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
LDFLAGS   += -fsanitize=$(SANITIZE)
endif

# Headers of packages are included as system headers: their warnings are not ours to mend.
pkg_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
# Only the two OpenCV modules that are used; the rest would load 245 libraries at start.
# HDF5 comes out of its archive: the shared library would load 30 others at start, which are there to
# read files in Amazon's S3. HDF5_LIBS="-lhdf5_serial" links that one.
HDF5_LIBS ?= $(shell pkg-config --libs-only-L hdf5 2>/dev/null) -l:libhdf5.a -lsz -lz
pkg_libs   = -lopencv_imgproc -lopencv_core -lturbojpeg -lmicrohttpd -ljansson -lsystemd \
             $(HDF5_LIBS) -lm -ldl
# Picture files and compressed data sets, for the workbench only.
TOOL_PKGS := zlib libpng libwebp
tool_libs  = $(shell pkg-config --libs $(TOOL_PKGS) 2>/dev/null)
video_cflags = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(VIDEO_PKGS) 2>/dev/null))
video_libs = $(shell pkg-config --libs $(VIDEO_PKGS) 2>/dev/null)

comma := ,
say = $(if $(V),,@echo "  $(1) $@";)

# --- what is built from what -------------------------------------------------------------------

# A module of its own, loaded only when a recording or a stream is asked for. It has its own copy
# of the stateless sources that it shares with the programs (capture/video_module.h says why).
VIDEO_SRC    := capture/video.c capture/video_input.c capture/video_log.c capture/video_picture.c
VIDEO_SHARED := common/clock.c common/error.c common/frame.c common/ref.c common/text.c \
                capture/jpeg_scan.c capture/video_time.c
VIDEO_OBJ    := $(patsubst %.c,$(BUILD)/pic/%.o,$(VIDEO_SRC) $(VIDEO_SHARED))

LIB_DIRS   := common config capture vision nn nn/keras nn/train classify web daemon
# These are compiled once per vector length (nn/kernels.h).
KERNEL_SRC := $(wildcard nn/kernels_*.c nn/train/kernels_*.c)
KERNEL_VL  := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),4 8 16,4)
# nn/int8_kernels_*.c the same, and again for the instructions that multiply bytes (nn/int8_kernels.h).
INT8_SRC   := $(wildcard nn/int8_kernels_*.c)
INT8_DOT   := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),8_vnni 16_vnni,$(if $(filter aarch64%,$(shell $(CC) -dumpmachine)),4_dot))
INT8_VL    := $(KERNEL_VL) $(INT8_DOT)
AMX_SRC    := nn/int8_amx.c
LIB_C      := $(filter-out $(VIDEO_SRC) $(KERNEL_SRC) $(INT8_SRC) $(AMX_SRC) daemon/main.c,$(foreach d,$(LIB_DIRS),$(wildcard $(d)/*.c)))
LIB_CXX    := $(foreach d,$(LIB_DIRS),$(wildcard $(d)/*.cpp))
KERNEL_OBJ := $(foreach vl,$(KERNEL_VL),$(KERNEL_SRC:%.c=$(BUILD)/%_vl$(vl).o)) \
              $(foreach vl,$(INT8_VL),$(INT8_SRC:%.c=$(BUILD)/%_vl$(vl).o)) \
              $(if $(filter 16_vnni,$(INT8_VL)),$(AMX_SRC:%.c=$(BUILD)/%.o))
LIB_OBJ    := $(LIB_C:%.c=$(BUILD)/%.o) $(KERNEL_OBJ) $(LIB_CXX:%.cpp=$(BUILD)/%.o)
TOOL_OBJ   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tool/*.c))
TESTS      := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/test_*.c tests/*/*/test_*.c))
PROGRAMS   := $(BUILD)/pawcamd $(if $(TOOL_OBJ),$(BUILD)/pawcam)
MODULES    := $(BUILD)/pawcam-video.so

.DELETE_ON_ERROR:
.PHONY: all help
all: $(PROGRAMS) $(MODULES) man ## build both programs, the video module and the man pages

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(BUILD)/pawcamd: $(BUILD)/daemon/main.o $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs)

$(BUILD)/pawcam: $(TOOL_OBJ) $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs) $(tool_libs)

$(BUILD)/pawcam-video.so: $(VIDEO_OBJ)
	$(call say,LD )$(CC) $(LDFLAGS) -shared $(if $(SANITIZE),,-Wl,-z,defs) -o $@ $^ $(video_libs) -lm

$(BUILD)/libpawcam.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR )$(AR) rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libpawcam.a
	$(call say,LD )$(CXX) $(LDFLAGS) -o $@ $^ $(pkg_libs) $(tool_libs) $(shell pkg-config --libs check 2>/dev/null)

$(BUILD)/web/page.o: $(wildcard web/page/*) # which it embeds

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC )$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -fvisibility=hidden $(pkg_cflags) $(video_cflags) \
	    -MMD -MP -c -o $@ $<

# The option $(1), if the compiler knows it.
known_option = $(if $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>&1 || echo x),,$(1))

# -ffp-contract=fast: a * b + c becomes one instruction. Nothing else may change what is computed.
# GCC's predictive commoning carries values from one turn of the inner loop to the next and so runs out
# of registers; Clang does not know the word.
# With sanitizers the unrolled code takes minutes to compile: it is less optimized, and UBSan is left out. ASan
# took up to four minutes for one file: there its loops stay loops, of which the compiler no longer sees that they
# set what they read. (TSan would check every step of such a loop: tests take half as long again.)
NO_COMMONING    := $(call known_option,-fno-predictive-commoning)
KERNEL_SANITIZE := $(if $(strip $(SANITIZE)),-O1 -g1 -fno-sanitize=undefined) \
                   $(if $(findstring address,$(SANITIZE)),-DALWAYS_INLINE=inline \
                       $(call known_option,-Wno-maybe-uninitialized))
KERNEL_CFLAGS  := -O2 -ffp-contract=fast $(NO_COMMONING) $(KERNEL_SANITIZE)
KERNEL_ARCH_8  := -march=x86-64-v3
KERNEL_ARCH_16 := -march=x86-64-v4 -mprefer-vector-width=512
define kernel_rule
$(BUILD)/%_vl$(1).o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC )$$(CC) $$(CPPFLAGS) $$(CFLAGS) $(KERNEL_CFLAGS) $(KERNEL_ARCH_$(1)) -DVL=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach vl,$(KERNEL_VL),$(eval $(call kernel_rule,$(vl))))

# Kernels on bytes are compiled without contraction: the floats that their integer sums become must be
# rounded alike on every CPU, and a fused multiply-add, which not every CPU has, rounds once instead of
# twice. The rule above fits their files as well; make takes the one whose % stands for less, this one.
INT8_CFLAGS         := -O2 -ffp-contract=off $(NO_COMMONING) $(KERNEL_SANITIZE)
KERNEL_ARCH_4_dot   := -march=armv8.2-a+dotprod
KERNEL_ARCH_8_vnni  := $(KERNEL_ARCH_8) -mavxvnni
KERNEL_ARCH_16_vnni := $(KERNEL_ARCH_16) -mavx512vnni
define int8_rule
$(BUILD)/nn/int8_kernels_%_vl$(1).o: nn/int8_kernels_%.c
	@mkdir -p $$(@D)
	$$(call say,CC )$$(CC) $$(CPPFLAGS) $$(CFLAGS) $(INT8_CFLAGS) $(KERNEL_ARCH_$(1)) -DVL=$(firstword $(subst _, ,$(1))) -DINT8_VARIANT=vl$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach vl,$(INT8_VL),$(eval $(call int8_rule,$(vl))))

# What AMX adds to AVX-512 VNNI, for x86-64 only.
$(BUILD)/nn/int8_amx.o: nn/int8_amx.c
	@mkdir -p $(@D)
	$(call say,CC )$(CC) $(CPPFLAGS) $(CFLAGS) $(INT8_CFLAGS) $(KERNEL_ARCH_16_vnni) -mamx-tile -mamx-int8 -DVL=16 -DINT8_VARIANT=vl16_vnni -MMD -MP -c -o $@ $<

# What augmentation does to every value of every picture, and the check of every weight of a model: -O3
# makes vectors of these loops.
$(foreach f,train/affine train/colour train/degrade train/filter train/mixing model int8_pack,$(BUILD)/nn/$(f).o): OPTIMIZE += $(if $(SANITIZE),,-O3)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC )$(CC) $(CPPFLAGS) $(CFLAGS) $(pkg_cflags) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: %.cpp
	@mkdir -p $(@D)
	$(call say,CXX)$(CXX) $(CPPFLAGS) $(CXXFLAGS) $(pkg_cflags) -MMD -MP -c -o $@ $<

# Objects that only a pattern names are kept. (Of all others a missing one must be made again, which
# an empty list here would prevent.)
.SECONDARY: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/*/*.c tests/*/*/*.c bench/*.c fuzz/*.c)) \
            $(BUILD)/bench/peer.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

include tests/tests.mk packaging/man.mk packaging/install.mk bench/bench.mk fuzz/fuzz.mk

# --- try it ------------------------------------------------------------------------------------

.PHONY: run
run: deps ## install what is missing, build, watch the camera or the drawn scene; ARGS="--port 8081"
	@$(MAKE) --no-print-directory all
	@exec $(BUILD)/pawcamd $(ARGS)

.PHONY: format clean
format: ## format the C and C++ sources
	clang-format -i $(shell git ls-files -co --exclude-standard '*.c' '*.h' '*.cpp')

clean: ## remove what was built
	rm -rf $(BUILD)
