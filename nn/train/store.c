#include "nn/train/store.h"

#include <errno.h>
#include <string.h>

struct header {
    char magic[16];
    uint64_t step;
    uint64_t trainable, total; /* floats */
    uint64_t shapes;           /* hash of all arrays' names and shapes */
    uint32_t optimizer;
    uint32_t average; /* 1: there is one */
};

static const char magic[16] = "pawcam-train-1";

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t so_far, const void *data, size_t size)
{
    for (const unsigned char *byte = data; size > 0; size--)
        so_far = (so_far ^ *byte++) * 0x100000001b3U;
    return so_far;
}

static uint64_t hash_shapes(const struct parameters *parameters)
{
    uint64_t sum = 0xcbf29ce484222325U;
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        const int32_t numbers[] = {array->layer, array->rows, array->columns};
        sum = hash(sum, array->what.name, strlen(array->what.name));
        sum = hash(sum, numbers, sizeof numbers);
    }
    return sum;
}

static struct header header_of(const struct parameters *parameters,
                               const struct optimizer_state *optimizer)
{
    struct header header = {
        .step = optimizer->step,
        .trainable = parameters->trainable,
        .total = parameters->total,
        .shapes = hash_shapes(parameters),
        .optimizer = optimizer->kind,
        .average = optimizer->average != NULL,
    };
    memcpy(header.magic, magic, sizeof magic);
    return header;
}

/* The arrays in the order of the file; NULL ones are not in it. */
enum { ARRAYS = 4 };
struct array {
    float *values;
    size_t count;
};

static void list_arrays(const struct parameters *parameters,
                        const struct optimizer_state *optimizer, float *weights,
                        struct array list[ARRAYS])
{
    list[0] = (struct array){weights, parameters->total};
    list[1] = (struct array){optimizer->first, parameters->trainable};
    list[2] = (struct array){optimizer->second, parameters->trainable};
    list[3] = (struct array){optimizer->average, parameters->trainable};
}

bool store_write(const struct parameters *parameters, const struct optimizer_state *optimizer,
                 float *weights, FILE *file, struct error *error)
{
    const struct header header = header_of(parameters, optimizer);
    struct array list[ARRAYS];
    list_arrays(parameters, optimizer, weights, list);
    bool good = fwrite(&header, sizeof header, 1, file) == 1;
    for (int i = 0; i < ARRAYS && good; i++)
        if (list[i].values)
            good = fwrite(list[i].values, sizeof(float), list[i].count, file) == list[i].count;
    return good || error_set(error, "cannot write the training's state: %s", strerror(errno));
}

static bool check(const struct header *found, const struct header *wanted, struct error *error)
{
    if (memcmp(found->magic, magic, sizeof magic) != 0)
        return error_set(error, "this is no state of a training");
    if (found->shapes != wanted->shapes || found->total != wanted->total ||
        found->trainable != wanted->trainable)
        return error_set(error, "this is the state of another network");
    if (found->optimizer != wanted->optimizer || found->average != wanted->average)
        return error_set(error, "this is the state of another optimizer");
    return true;
}

bool store_read(const struct parameters *parameters, struct optimizer_state *optimizer,
                float *weights, FILE *file, struct error *error)
{
    const struct header wanted = header_of(parameters, optimizer);
    struct header found;
    if (fread(&found, sizeof found, 1, file) != 1)
        return error_set(error, "the state of the training ends early");
    if (!check(&found, &wanted, error))
        return false;
    struct array list[ARRAYS];
    list_arrays(parameters, optimizer, weights, list);
    for (int i = 0; i < ARRAYS; i++)
        if (list[i].values &&
            fread(list[i].values, sizeof(float), list[i].count, file) != list[i].count)
            return error_set(error, "the state of the training ends early");
    optimizer->step = found.step;
    return true;
}
