# The tests with real drivers and systemd in a User-Mode Linux guest; tests/vm/README.md.

VM_TESTS           := $(wildcard tests/vm/test_*)
VM_PROGRAMS        := $(BUILD)/tests/vm/guest_camera
VM_KERNEL_PACKAGES := build-essential flex bison bc xz-utils kmod

.PHONY: check-vm vm-kernel
check-vm: deps-check ## test cameras and the service in a guest with real drivers, item by item
	@$(MAKE) --no-print-directory all $(VM_PROGRAMS)
	@BUILD=$(BUILD) PAWCAM_TEST_VERBOSE=1 tests/run $(VM_TESTS)

vm-kernel: ## build the kernel of that guest (10 minutes)
	$(call install_packages,$(VM_KERNEL_PACKAGES))
	tests/vm/build-uml build/vm
