/* prediction: what the network says of one frame, as a plain value, and its one JSON form. */
#ifndef PAWCAM_COMMON_PREDICTION_H
#define PAWCAM_COMMON_PREDICTION_H

#include <jansson.h>
#include <stdint.h>

/* A camera's question has few answers; a model with more classes is refused by the daemon. */
enum { PREDICTION_CLASSES_MAX = 32 };

/* The label where no class has a score that counts. */
#define PREDICTION_UNKNOWN "unknown"

struct prediction {
    uint64_t frame;    /* sequence of the frame it speaks of */
    double time_s;     /* that frame's time_s */
    double latency_ms; /* from captured frame to decision; < 0: not measured */
    const char *label; /* a class name, or PREDICTION_UNKNOWN; lives as long as the model */
    double score;      /* smoothed score of the label's class; for "unknown" the best */
    int class_count;
    const char *const *classes; /* names, class_count of them; live as long as the model */
    double scores[PREDICTION_CLASSES_MAX]; /* smoothed by time, each in 0..1 */
    const char *truth;                     /* the source's own knowledge (synthetic), else NULL */
};

/* {"frame":0,"time":0.04,"label":"cat","score":0.93,"scores":{"cat":0.93,"dog":0.07},
 *  "latency_ms":2.8}: scores with four decimals, times with three; no latency_ms when it was not
 * measured; "truth" only where it is known. The caller owns the result. NULL: out of memory. */
json_t *prediction_to_json(const struct prediction *prediction);

/* Flags for json_dumps that print such numbers without binary noise, on one line. */
enum { PREDICTION_JSON_FLAGS = JSON_COMPACT | JSON_REAL_PRECISION(15) };

#endif
