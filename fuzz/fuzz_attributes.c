/* What pawcam keeps in a model file besides the network, the ranges of quantized models among it: a
 * sound file whose attributes hold anything loads or is refused with a message. The input's first
 * bytes are the numbers, the rest, split at zeros, the words. */
#include "nn/keras/hdf5_writer.h"
#include "nn/keras/keras.h"
#include "nn/keras/save.h"
#include "nn/session.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 8, NUMBERS = 12, WORDS_MAX = 8, TEXT_BYTES = 256 };

/* Two layers, so that the first may run on bytes. */
static void save_model(const char *path)
{
    struct error error;
    const struct shape shape = {3, {SIDE, SIDE, 3}};
    struct model *model = model_create("fuzz", &shape, &error);
    const struct layer layers[] = {
        {.op = LAYER_CONV2D,
         .name = (char *)"conv",
         .conv = {{3, 3, 1, 1, 1, 1, .padding = PADDING_SAME}, .filters = 8}},
        {.op = LAYER_GLOBAL_AVERAGE_POOL2D, .name = (char *)"pool"},
        {.op = LAYER_DENSE, .name = (char *)"dense", .dense = {3}},
    };
    for (int i = 0; i < 3; i++) {
        struct layer layer = layers[i];
        layer.inputs = &i;
        layer.input_count = 1;
        if (!model || !model_add_layer(model, &layer, &error))
            abort();
    }
    if (!model_finish(model, &error) || !keras_save(model, path, &error))
        abort();
    model_destroy(model);
}

static void write_attributes(struct hdf5_writer *writer, const double numbers[NUMBERS], char *text)
{
    const char *words[WORDS_MAX];
    int count = 0;
    const char *end = text + TEXT_BYTES;
    for (char *word = text; count < WORDS_MAX && word < end; word += strlen(word) + 1)
        words[count++] = word;
    hdf5_write_numbers(writer, "/", "pawcam_scale", numbers, 3);
    hdf5_write_numbers(writer, "/", "pawcam_offset", numbers + 3, 1);
    hdf5_write_numbers(writer, "/", "pawcam_threshold", numbers + 4, 1);
    hdf5_write_numbers(writer, "/model_weights/conv", "pawcam_int8_range", numbers + 5, 2);
    hdf5_write_numbers(writer, "/model_weights/pool", "pawcam_int8_range", numbers + 7, 2);
    hdf5_write_numbers(writer, "/model_weights/dense", "pawcam_int8_range", numbers + 9, 2);
    hdf5_write_string(writer, "/", "pawcam_channels", words[0]);
    hdf5_write_strings(writer, "/", "pawcam_classes", words + 1, count < 4 ? count - 1 : 3);
}

static void run(const struct model *model)
{
    static const uint8_t pixels[SIDE * SIDE * 3] = {1, 2, 3};
    float scores[3];
    struct session *session = session_create(model, NULL, NULL);
    if (!session)
        abort();
    session_classify(session, pixels, SIDE * 3, scores);
    session_destroy(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], text[TEXT_BYTES + 1] = "";
    double numbers[NUMBERS] = {0};
    struct error error = {0};
    const size_t head = size < sizeof numbers ? size : sizeof numbers;
    memcpy(numbers, data, head);
    memcpy(text, data + head, size - head < TEXT_BYTES ? size - head : TEXT_BYTES);
    snprintf(path, sizeof path, "/dev/shm/pawcam-fuzz-%d.h5", (int)getpid());
    save_model(path);
    struct hdf5_writer *writer = hdf5_amend(path, &error);
    if (!writer)
        abort();
    write_attributes(writer, numbers, text);
    if (hdf5_commit(writer, &error)) {
        struct model *model = keras_load(path, &error);
        if (model)
            run(model);
        else if (error.message[0] == '\0')
            abort();
        model_destroy(model);
    }
    unlink(path);
    return 0;
}
