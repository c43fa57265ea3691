/* sample: a small option table with one option of every kind, and help for tests of the engine. */
#ifndef PAWCAM_TESTS_CONFIG_SAMPLE_H
#define PAWCAM_TESTS_CONFIG_SAMPLE_H

#include "config/config.h"
#include "tests/suite.h"

#include <string.h>
#include <unistd.h>

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

static const struct option_row sample_rows[ROW_COUNT] = {
    [NAME] = {.section = "first",
              .name = "name",
              .letter = 'n',
              .type = OPTION_STRING,
              .value = "nobody",
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

/* A new file with these bytes. The path is static memory; the caller unlinks it. */
static inline const char *write_file(const void *bytes, size_t length)
{
    static char path[64];
    strcpy(path, "/tmp/pawcam-test-XXXXXX");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, bytes, length), (ssize_t)length);
    close(file);
    return path;
}

/* Reads a file with these bytes into `settings`. */
static inline bool read_bytes(const struct option_table *table, const void *bytes, size_t length,
                              void *settings, struct error *error)
{
    const char *path = write_file(bytes, length);
    bool ok = config_read_file(table, path, settings, error);
    unlink(path);
    return ok;
}

static inline bool read_string(const struct option_table *table, const char *text, void *settings,
                               struct error *error)
{
    return read_bytes(table, text, strlen(text), settings, error);
}

/* What config_print prints; the caller frees it. */
static inline char *printed(const struct option_table *table, enum config_action action,
                            const void *settings)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct error error;
    ck_assert_msg(config_print(table, action, settings, out, &error), "%s", error.message);
    fclose(out);
    return text;
}

#define ck_assert_contains(text, part)                                                             \
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in:\n%s", part, text)

#endif
