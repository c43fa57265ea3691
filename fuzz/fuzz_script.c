/* Recipes: any text is parsed or refused with a message, and nothing leaks. */
#include "nn/train/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct script script;
    struct error error = {0};

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!script_parse(&script, "fuzz.recipe", text, &error) && error.message[0] == '\0')
        abort();
    script_free(&script);
    free(text);
    return 0;
}
