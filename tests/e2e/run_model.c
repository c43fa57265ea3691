/* run_model MODEL [CPU]: runs a model on float32 values from standard input, in its input shape,
 * and writes its output as float32 to standard output; for tests that compute the same elsewhere.
 */
#include "nn/keras/keras.h"
#include "nn/session.h"

#include <stdio.h>
#include <stdlib.h>

static bool run(const struct model *model, const char *cpu, struct error *error)
{
    size_t inputs = shape_count(model_input_shape(model));
    size_t outputs = shape_count(model_output_shape(model));
    struct session *session = session_create(model, cpu, error);
    float *input = malloc(inputs * sizeof *input);
    bool good = session && input;
    if (good && fread(input, sizeof *input, inputs, stdin) != inputs)
        good = error_set(error, "standard input holds fewer than %zu values", inputs);
    if (good && fwrite(session_run(session, input), sizeof *input, outputs, stdout) != outputs)
        good = error_set(error, "standard output cannot be written");
    free(input);
    session_destroy(session);
    return good;
}

int main(int argc, char **argv)
{
    struct error error = {.code = EXIT_CODE_USAGE,
                          .message = "usage: run_model MODEL [CPU] <INPUT >OUTPUT"};
    struct model *model = argc > 1 ? keras_load(argv[1], &error) : NULL;
    bool good = model && run(model, argc > 2 ? argv[2] : NULL, &error);
    model_destroy(model);
    if (good)
        return EXIT_CODE_OK;
    fprintf(stderr, "%s\n", error.message);
    return (int)error.code;
}
