# Debian packages: to build, and to check on top of that. docs/dependencies.md says why each.
BUILD_PACKAGES := build-essential pkg-config libopencv-dev libturbojpeg0-dev libmicrohttpd-dev \
    libhdf5-dev libjansson-dev libsystemd-dev libavformat-dev libavcodec-dev libavutil-dev \
    libswscale-dev zlib1g-dev libpng-dev libwebp-dev
CHECK_PACKAGES := check curl ffmpeg python3 python3-numpy python3-opencv python3-h5py graphviz chromium \
    chromium-driver python3-selenium kmod util-linux v4l-utils systemd udev iproute2 man-db mandoc \
    clang clang-format valgrind

SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Installs what is missing of the packages named in $(1); quiet and quick when nothing is.
install_packages = \
	@missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | \
	    grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] || { echo "installing" $$missing; mkdir -p $(BUILD); \
	    { $(SUDO) apt-get -q update && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	        apt-get -q install -y --no-install-recommends $$missing; } >$(BUILD)/packages.log 2>&1 || \
	    { tail -20 $(BUILD)/packages.log; echo "the packages could not be installed"; exit 1; }; }

.PHONY: deps deps-check
deps: ## install the packages that building needs
	$(call install_packages,$(BUILD_PACKAGES))

deps-check: deps ## install the packages that the tests need as well
	$(call install_packages,$(CHECK_PACKAGES))
