#include "config/nearest.h"

#include <stdio.h>
#include <string.h>

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Both shorter than NEAREST_NAME_MAX. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_NAME_MAX]; /* row[j]: from the first i of a to the first j of b */
    size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = min(replaced, min(row[j], row[j - 1]) + 1);
        }
    }
    return row[length];
}

void nearest_init(struct nearest *nearest, const char *word)
{
    *nearest = (struct nearest){.word = word, .distance = strlen(word) / 3 + 2};
}

static size_t distance_to(const char *word, const char *candidate)
{
    enum { TELLING_LENGTH = 3 };
    if (strlen(word) >= TELLING_LENGTH && strstr(candidate, word))
        return strcmp(word, candidate) != 0;
    return edit_distance(word, candidate);
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    if (strlen(nearest->word) >= NEAREST_NAME_MAX || strlen(candidate) >= NEAREST_NAME_MAX)
        return;
    size_t distance = distance_to(nearest->word, candidate);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        strcpy(nearest->best, candidate);
    }
}

struct nearest_hint nearest_hint(const struct nearest *nearest, const char *before,
                                 const char *after)
{
    struct nearest_hint hint = {""};
    if (nearest->best[0])
        snprintf(hint.text, sizeof hint.text, "; did you mean %s%s%s?", before, nearest->best,
                 after);
    return hint;
}
