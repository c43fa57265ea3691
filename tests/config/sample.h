/* sample: a small option table with one option of every kind. */
#ifndef PAWCAM_TESTS_CONFIG_SAMPLE_H
#define PAWCAM_TESTS_CONFIG_SAMPLE_H

#include "config/config.h"

#include <string.h>

struct sample {
    char *name;
    int count, repeat, mode;
    double ratio;
    bool loud;
};

/* Rows of sample_rows, in their order. */
enum { NAME, COUNT, REPEAT, RATIO, MODE, LOUD, ROW_COUNT };

static const struct option_section sample_sections[] = {{"first", "First things"},
                                                        {"second", "Second things"}};

static inline bool sample_check_name(const char *text, struct error *error)
{
    return strcmp(text, "root") != 0 || error_set_usage(error, "\"root\" is taken");
}

static const struct option_row sample_rows[ROW_COUNT] = {
    [NAME] = {.section = "first",
              .name = "name",
              .letter = 'n',
              .type = OPTION_STRING,
              .value = "nobody",
              .check = sample_check_name,
              .help = "Who it is. A \\ and - 'quotes' must survive roff.",
              .offset = offsetof(struct sample, name)},
    [COUNT] = {.section = "first",
               .name = "item-count",
               .letter = 'i',
               .type = OPTION_INT,
               .value = "3",
               .minimum = -5,
               .maximum = 2000000,
               .help = "How many items.",
               .offset = offsetof(struct sample, count)},
    [REPEAT] = {.section = "second",
                .name = "repeat",
                .type = OPTION_INT,
                .value = "once",
                .minimum = 1,
                .maximum = 100,
                .words = "forever=0|once=1",
                .help = "How often.",
                .offset = offsetof(struct sample, repeat)},
    [RATIO] = {.section = "second",
               .name = "ratio",
               .type = OPTION_DOUBLE,
               .unit = "s",
               .value = "0.1",
               .minimum = 0,
               .maximum = 1e6,
               .help = "How much.",
               .live = true,
               .offset = offsetof(struct sample, ratio)},
    [MODE] = {.section = "second",
              .name = "mode",
              .type = OPTION_CHOICE,
              .value = "slow",
              .choices = "fast|slow|slower",
              .help = "How quick.",
              .offset = offsetof(struct sample, mode)},
    [LOUD] = {.section = "second",
              .name = "loud",
              .letter = 'l',
              .type = OPTION_BOOL,
              .value = "no",
              .help = "Whether it makes a noise.",
              .offset = offsetof(struct sample, loud)},
};

static const struct option_note sample_notes[] = {{"EXAMPLES", "Like this:\n\n    sample -n you"}};

static const struct option_table sample_table = {
    .program = "sample",
    .version = "1.2.3",
    .summary = "does things",
    .description = "It does the first thing.\n\nThen the second.",
    .file = "/nonexistent/folder/sample.conf",
    .sections = sample_sections,
    .section_count = 2,
    .rows = sample_rows,
    .row_count = ROW_COUNT,
    .notes = sample_notes,
    .note_count = 1,
};

#endif
