/* robustness: how well a model does on pictures as they are, and under each corruption. */
#ifndef PAWCAM_TOOL_ROBUSTNESS_H
#define PAWCAM_TOOL_ROBUSTNESS_H

#include "nn/model.h"
#include "nn/train/dataset.h"
#include "tool/corrupt.h"

#include <jansson.h>

enum { ROBUSTNESS_ROWS_MAX = 1 + CORRUPT_COUNT * CORRUPT_STRENGTHS };

struct robustness {
    int row_count;
    struct {
        const char *name, *strength; /* the first is "clean", without a strength */
        double accuracy, cat_dog, false_alarm, missed; /* NaN: does not apply to the model */
    } rows[ROBUSTNESS_ROWS_MAX];
};

/* Measures on the pictures, unchanged, then under each corruption that was chosen (corrupt.h); a
 * best score below the threshold decides neither. */
bool robustness_measure(struct robustness *robustness, const struct model *model, const char *cpu,
                        double threshold, const struct dataset *data,
                        const bool chosen[CORRUPT_COUNT], struct error *error);

void robustness_print(const struct robustness *robustness);

/* {"clean": {"accuracy": ...}, "noise": [{"strength": "10", "accuracy": ...}, ...]}; the caller
 * owns it. */
json_t *robustness_json(const struct robustness *robustness);

#endif
