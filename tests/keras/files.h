/* files: the Keras files that make_models.py writes, in a folder that goes when the test ends. */
#ifndef PAWCAM_TESTS_KERAS_FILES_H
#define PAWCAM_TESTS_KERAS_FILES_H

#include "tests/suite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/pawcam-keras-XXXXXX";

static inline void remove_files(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
}

/* Called by main before the tests run; ends the program where python3-h5py is missing. */
static inline void make_files(void)
{
    char command[256];
    if (system("/usr/bin/python3 -c 'import h5py, numpy'") != 0) {
        puts("skipped: needs the packages python3-h5py and python3-numpy");
        exit(TEST_SKIPPED);
    }
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    snprintf(command, sizeof command, "/usr/bin/python3 -B tests/keras/make_models.py %s", folder);
    if (system(command) != 0)
        exit(EXIT_FAILURE);
}

static inline const char *path_of(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* good.json or bad.json; the caller drops the reference. */
static inline json_t *read_list(const char *name)
{
    json_t *list = json_load_file(path_of(name), 0, NULL);
    ck_assert_uint_gt(json_array_size(list), 10);
    return list;
}

#define FILES_MAIN(name, ...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        make_files();                                                                              \
        int status = suite_run(#name, tests, sizeof tests / sizeof *tests, 240);                   \
        remove_files();                                                                            \
        return status;                                                                             \
    }

#endif
