/* nearest: which valid name a misspelt one probably meant. */
#ifndef PAWCAM_CONFIG_NEAREST_H
#define PAWCAM_CONFIG_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

enum { NEAREST_NAME_MAX = 48 };

struct nearest {
    const char *word;            /* borrowed */
    char best[NEAREST_NAME_MAX]; /* empty: nothing was near enough */
    size_t distance;             /* of `best`; at first one more than what is near enough */
};

void nearest_init(struct nearest *nearest, const char *word);

/* Keeps the candidate if it is nearer than all before. Distance is Levenshtein's (insertions,
 * deletions and replacements of single bytes; Wagner and Fischer, J. ACM 21, 1974); a name that
 * contains the whole word counts as one edit away. */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* Text to put behind an error: "; did you mean BEFOREnameAFTER?", or "" when nothing is near. */
struct nearest_hint {
    char text[NEAREST_NAME_MAX + 32];
};
struct nearest_hint nearest_hint(const struct nearest *nearest, const char *before,
                                 const char *after);

#endif
