# What the table of options writes: man pages (built) and the example file (committed, tested equal).
MAN_PAGES := $(BUILD)/man/pawcamd.8 $(BUILD)/man/pawcam.conf.5

$(BUILD)/man/pawcamd.8: $(BUILD)/pawcamd
	@mkdir -p $(@D)
	$(call say,MAN)$< --print-man >$@

$(BUILD)/man/pawcam.conf.5: $(BUILD)/pawcamd
	@mkdir -p $(@D)
	$(call say,MAN)$< --print-man-file >$@

.PHONY: man example
man: $(MAN_PAGES) ## write the man pages into build/man

example: $(BUILD)/pawcamd ## write packaging/pawcam.conf.example anew from the table of options
	$< --print-example >packaging/pawcam.conf.example
