#include "nn/train/fingerprint.h"

#include "nn/train/recipe_parts.h"

#include <string.h>

/* Lines that may change. */
static const struct {
    const char *section, *target;
} ignored[] = {
    {"data", "test"}, {"compile", "metrics"}, {"fit", "epochs"},
    {"fit", "seed"},  {"fit", "batch_size"},  {"fit", "callbacks"},
};

static bool counts(const struct statement *s)
{
    for (size_t i = 0; s->target && i < sizeof ignored / sizeof *ignored; i++)
        if (strcmp(s->section, ignored[i].section) == 0 &&
            strcmp(s->target, ignored[i].target) == 0)
            return false;
    return true;
}

uint64_t fingerprint_mix(uint64_t hash, const void *bytes, size_t size)
{
    for (const uint8_t *byte = bytes; size > 0; size--)
        hash = (hash ^ *byte++) * 0x100000001b3;
    return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    return text ? fingerprint_mix(hash, text, strlen(text) + 1) : fingerprint_mix(hash, "\xff", 1);
}

static uint64_t mix_expression(uint64_t hash, const struct expr *e)
{
    hash = fingerprint_mix(hash, &e->kind, sizeof e->kind);
    hash = fingerprint_mix(hash, &e->number, sizeof e->number);
    hash = fingerprint_mix(hash, &e->count, sizeof e->count);
    hash = mix_text(hash, e->text);
    if (e->callee)
        hash = mix_expression(hash, e->callee);
    for (int i = 0; i < e->count; i++)
        hash = mix_expression(mix_text(hash, e->keys[i]), &e->items[i]);
    return hash;
}

static uint64_t mix_section(uint64_t hash, const struct recipe *recipe, const char *section)
{
    int index = 0;
    for (const struct statement *s; (s = recipe_next(recipe, section, &index));)
        if (counts(s))
            hash = mix_expression(mix_text(hash, s->target), &s->value);
    return hash;
}

static uint64_t mix_frozen(uint64_t hash, const struct network *network)
{
    for (int i = 0; i < network->model->layer_count; i++)
        hash = fingerprint_mix(hash, &network->layers[i].frozen, sizeof network->layers[i].frozen);
    return hash;
}

struct fingerprint fingerprint_of(const struct recipe *recipe, const struct network *network)
{
    struct fingerprint print;
    for (int i = 0; i < RECIPE_SECTIONS; i++) {
        uint64_t hash = mix_section(FINGERPRINT_BEGIN, recipe, recipe_sections[i]);
        if (strcmp(recipe_sections[i], "network") == 0)
            hash = mix_frozen(hash, network);
        print.sections[i] = hash;
    }
    return print;
}

const char *fingerprint_difference(const struct fingerprint *a, const struct fingerprint *b)
{
    for (int i = 0; i < RECIPE_SECTIONS; i++)
        if (a->sections[i] != b->sections[i])
            return recipe_sections[i];
    return NULL;
}
