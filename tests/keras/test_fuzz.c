/*
 * Damaged files must not crash the loader, whatever it makes of them (run it with ASan). A fixed
 * seed: a failure can be repeated. Only what this project parses is damaged, the text of the
 * configuration, and files are cut short: libhdf5 1.10 itself reads past its arrays when the
 * structures of the container are damaged (docs/models.md).
 */
#include "nn/keras/keras.h"
#include "tests/keras/files.h"

#include <stdint.h>

enum { CONTAINER_ROUNDS = 300, TEXT_ROUNDS = 1500, BYTES_MAX = 1 << 20 };

static uint32_t state = 1;

/* xorshift32 (Marsaglia 2003) */
static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static size_t read_bytes(const char *name, char *bytes)
{
    FILE *file = fopen(path_of(name), "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, BYTES_MAX, file);
    fclose(file);
    return size;
}

static void write_bytes(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Loads it; a refusal must say something. */
static bool survives(const char *name)
{
    struct error error = {0};
    struct model *model = keras_load(path_of(name), &error);
    ck_assert(model || error.message[0]);
    model_destroy(model);
    return model != NULL;
}

START_TEST(flipped_bits_in_the_configuration)
{
    char *whole = malloc(BYTES_MAX), *damaged = malloc(BYTES_MAX);
    size_t size = read_bytes("functional.h5", whole);
    char *text = memmem(whole, size, "{\"class_name\"", 13);
    ck_assert_ptr_nonnull(text);
    size_t start = (size_t)(text - whole), length = strlen(text);
    int refused = 0;
    for (int round = 0; round < CONTAINER_ROUNDS; round++) {
        memcpy(damaged, whole, size);
        for (uint32_t flips = 1 + draw(8); flips > 0; flips--)
            damaged[start + draw((uint32_t)length)] ^= (char)(1 << draw(8));
        write_bytes("flipped.h5", damaged, size);
        refused += !survives("flipped.h5");
    }
    ck_assert_int_gt(refused, CONTAINER_ROUNDS / 2);
    free(damaged);
    free(whole);
}
END_TEST

START_TEST(files_cut_short)
{
    char *whole = malloc(BYTES_MAX);
    size_t size = read_bytes("functional.h5", whole);
    for (size_t kept = 0; kept < size; kept += 1 + draw(300)) {
        write_bytes("cut.h5", whole, kept);
        ck_assert(!survives("cut.h5"));
    }
    free(whole);
}
END_TEST

/* Puts one of the words that matter in place of a few bytes, which also moves the rest. */
static size_t replace(const char *whole, size_t size, char *damaged)
{
    static const char *const words[] = {"0",    "-1",   "2147483648", "1e30", "null",  "[]",
                                        "{}",   "\"\"", "true",       "conv", "same",  "[[]]",
                                        "axis", "\"",   "Sequential", "Add",  "Dense", "th"};
    const char *word = words[draw(sizeof words / sizeof *words)];
    size_t at = draw((uint32_t)size - 20), gone = draw(12), length = strlen(word);
    memcpy(damaged, whole, at);
    memcpy(damaged + at, word, length);
    memcpy(damaged + at + length, whole + at + gone, size - at - gone);
    return size + length - gone;
}

static void damage_text(const char *name, const char *weights)
{
    char *whole = malloc(BYTES_MAX), *damaged = malloc(BYTES_MAX), *bytes = malloc(BYTES_MAX);
    size_t size = read_bytes(weights, bytes);
    write_bytes("damaged_text.h5", bytes, size);
    size = read_bytes(name, whole);
    for (int round = 0; round < TEXT_ROUNDS; round++) {
        size_t length = replace(whole, size, damaged);
        write_bytes("damaged_text.json", damaged, length);
        survives("damaged_text.json");
    }
    free(bytes);
    free(damaged);
    free(whole);
}

START_TEST(damaged_configurations)
{
    damage_text("apart.json", "apart_weights.h5");
}
END_TEST

START_TEST(damaged_configurations_of_keras_1)
{
    damage_text("keras1.json", "keras1.h5");
}
END_TEST

FILES_MAIN(fuzz, flipped_bits_in_the_configuration, files_cut_short, damaged_configurations,
           damaged_configurations_of_keras_1)
