#include "common/prediction.h"

#include <math.h>

static json_t *rounded(double value, double unit)
{
    return json_real(round(value / unit) * unit);
}

static json_t *scores_to_json(const struct prediction *prediction)
{
    json_t *scores = json_object();
    for (int i = 0; i < prediction->class_count; i++)
        json_object_set_new(scores, prediction->classes[i], rounded(prediction->scores[i], 1e-4));
    return scores;
}

json_t *prediction_to_json(const struct prediction *prediction)
{
    json_t *object = json_object();
    json_object_set_new(object, "frame", json_integer((json_int_t)prediction->frame));
    json_object_set_new(object, "time", rounded(prediction->time_s, 1e-3));
    json_object_set_new(object, "label", json_string(prediction->label));
    json_object_set_new(object, "score", rounded(prediction->score, 1e-4));
    json_object_set_new(object, "scores", scores_to_json(prediction));
    if (prediction->latency_ms >= 0)
        json_object_set_new(object, "latency_ms", rounded(prediction->latency_ms, 1e-3));
    if (prediction->truth)
        json_object_set_new(object, "truth", json_string(prediction->truth));
    return object;
}
