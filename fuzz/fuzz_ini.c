/* Configuration files: any bytes are settings or are refused with a message; what was taken is
 * printed and read back to the same. */
#include "config/ini.h"
#include "daemon/options.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_bytes(const void *data, size_t size, struct options *options)
{
    struct error error = {0};
    FILE *file = fmemopen((void *)data, size, "r");
    if (!file || !config_defaults(&options_table, options, &error))
        abort();
    bool ok = ini_read(&options_table, file, "fuzz.conf", options, &error);
    if (!ok && error.message[0] == '\0')
        abort();
    fclose(file);
    return ok;
}

static char *print(const struct options *options, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        abort();
    ini_print_settings(&options_table, options, out);
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options options = {0}, copy = {0};
    if (read_bytes(data, size, &options)) {
        size_t first_size, second_size;
        char *first = print(&options, &first_size);
        if (!read_bytes(first, first_size, &copy))
            abort();
        char *second = print(&copy, &second_size);
        if (strcmp(first, second) != 0)
            abort();
        options_check(&options, NULL);
        free(first);
        free(second);
    }
    config_free(&options_table, &options);
    config_free(&options_table, &copy);
    return 0;
}
