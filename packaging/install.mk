# make install, make uninstall. DESTDIR is put in front of every path, for packages.

UNITDIR   ?= $(PREFIX)/lib/systemd/system
MODEL     := $(wildcard models/catdog.h5)
UNITS     := $(BUILD)/pawcamd.service $(BUILD)/pawcamd@.service
MANDIR    := $(DESTDIR)$(PREFIX)/share/man
BINDIR    := $(DESTDIR)$(PREFIX)/bin
LIBDIR    := $(DESTDIR)$(PREFIX)/lib/pawcam
SHAREDIR  := $(DESTDIR)$(PREFIX)/share/pawcam
CONFIGDIR := $(DESTDIR)/etc/pawcam

# build/man/pawcam.conf.5 -> .../man5/pawcam.conf.5
man_path      = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))
INSTALLED_MAN = $(foreach page,$(MAN_PAGES),$(call man_path,$(page)))

unit = sed -e 's|@NAME@|$(@F)|' -e 's|@PREFIX@|$(PREFIX)|' -e 's|@DESCRIPTION@|$(1)|' \
           -e 's|@ARGUMENTS@|$(2)|' -e 's|@STATE@|$(3)|' $< >$@

$(BUILD)/pawcamd.service: packaging/pawcamd.service.in packaging/install.mk $(BUILD)/prefix
	@$(call unit,Cat and dog watcher,,pawcam)

$(BUILD)/pawcamd@.service: packaging/pawcamd.service.in packaging/install.mk $(BUILD)/prefix
	@$(call unit,Cat and dog watcher on camera %i, --config /etc/pawcam/%i.conf,pawcam-%i)

# The prefix is compiled in. This file changes when the prefix does, and only then.
.PHONY: force
force:
$(BUILD)/prefix: force
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@

$(BUILD)/daemon/model_setup.o $(BUILD)/capture/video_load.o: $(BUILD)/prefix

.PHONY: install uninstall
install: all $(UNITS) ## install below PREFIX (DESTDIR is put in front)
	install -d $(BINDIR) $(LIBDIR) $(SHAREDIR) $(CONFIGDIR) $(DESTDIR)$(UNITDIR) \
	    $(sort $(dir $(INSTALLED_MAN)))
	install -m 755 $(PROGRAMS) $(BINDIR)
	$(if $(MODULES),install -m 644 $(MODULES) $(LIBDIR))
	$(if $(MODEL),install -m 644 $(MODEL) $(SHAREDIR))
	$(foreach page,$(MAN_PAGES),install -m 644 $(page) $(call man_path,$(page)) &&) true
	install -m 644 $(UNITS) $(DESTDIR)$(UNITDIR)
	[ -e $(CONFIGDIR)/pawcam.conf ] || \
	    install -m 644 packaging/pawcam.conf.example $(CONFIGDIR)/pawcam.conf

uninstall: ## remove what install installed, but for the configuration
	rm -f $(PROGRAMS:$(BUILD)/%=$(BINDIR)/%) $(UNITS:$(BUILD)/%=$(DESTDIR)$(UNITDIR)/%) \
	    $(INSTALLED_MAN)
	rm -rf $(LIBDIR) $(SHAREDIR)
