/* support: settings from texts and texts from settings, for tests. */
#ifndef PAWCAM_TESTS_CONFIG_SUPPORT_H
#define PAWCAM_TESTS_CONFIG_SUPPORT_H

#include "config/ini.h"
#include "tests/suite.h"

#include <string.h>
#include <unistd.h>

/* A new file with this text. The path is static memory; the caller unlinks it. */
static inline const char *write_file(const char *text)
{
    static char path[64];
    strcpy(path, "/tmp/pawcam-test-XXXXXX");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    return path;
}

/* Reads these bytes as a file called "test.conf" into `settings`. */
static inline bool read_bytes(const struct option_table *table, const void *bytes, size_t length,
                              void *settings, struct error *error)
{
    FILE *file = fmemopen((void *)bytes, length, "r");
    ck_assert_ptr_nonnull(file);
    bool ok = ini_read(table, file, "test.conf", settings, error);
    fclose(file);
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
