#include "classify/classifier.h"

#include "common/clock.h"
#include "nn/session.h"
#include "vision/vision.h"

#include <math.h>
#include <stdlib.h>

struct classifier {
    const struct model *model;
    int height, width; /* the network's input */
    struct session *session;
    struct image decoded; /* the frame, perhaps at a fraction of its size */
    struct image input;   /* at the network's size */
};

/* --- which models ----------------------------------------------------------------------------- */

static bool check_input(const struct model *model, struct error *error)
{
    if (model_takes_picture(model))
        return true;
    const struct shape *shape = model_input_shape(model);
    char text[64];
    int used = 0;
    for (int i = 0; i < shape->rank; i++)
        used +=
            snprintf(text + used, sizeof text - (size_t)used, "%s%d", i ? "x" : "", shape->dim[i]);
    return error_set(
        error, "its input is %s; pictures need height x width x 3 channels (or 1, grey)", text);
}

static bool check_output(const struct model *model, struct error *error)
{
    if (model->class_count < 1)
        return error_set(error, "its output is not a list of class scores");
    if (model->class_count > PREDICTION_CLASSES_MAX)
        return error_set(error, "it has %d classes; pawcamd tells apart at most %d",
                         model->class_count, PREDICTION_CLASSES_MAX);
    return true;
}

bool classifier_check_model(const struct model *model, struct error *error)
{
    return check_input(model, error) && check_output(model, error);
}

/* --- life ------------------------------------------------------------------------------------- */

struct classifier *classifier_create(const struct model *model, const char *cpu,
                                     struct error *error)
{
    struct classifier *classifier = calloc(1, sizeof *classifier);
    if (!classifier) {
        error_set(error, "classifier: out of memory");
        return NULL;
    }
    const struct shape *shape = model_input_shape(model);
    classifier->model = model;
    classifier->height = shape->dim[0];
    classifier->width = shape->dim[1];
    classifier->session = session_create(model, cpu, error);
    if (!classifier->session) {
        classifier_destroy(classifier);
        return NULL;
    }
    return classifier;
}

void classifier_destroy(struct classifier *classifier)
{
    if (!classifier)
        return;
    session_destroy(classifier->session);
    image_free(&classifier->decoded);
    image_free(&classifier->input);
    free(classifier);
}

static bool classify(struct classifier *classifier, double *scores, struct error *error)
{
    float values[PREDICTION_CLASSES_MAX];
    session_classify(classifier->session, classifier->input.data, classifier->input.stride, values);
    for (int i = 0; i < classifier->model->class_count; i++) {
        if (!isfinite(values[i]))
            return error_set(error, "the network's score of \"%s\" is not a number",
                             classifier->model->class_names[i]);
        scores[i] = (double)values[i];
    }
    return true;
}

bool classifier_run(struct classifier *classifier, const struct frame *frame,
                    double scores[PREDICTION_CLASSES_MAX], struct classifier_times *times,
                    struct error *error)
{
    int min_side = classifier->height > classifier->width ? classifier->height : classifier->width;
    struct classifier_times now = {.start_ns = clock_monotonic_ns()};
    if (!vision_frame_to_bgr(frame, min_side, &classifier->decoded, error))
        return false;
    now.decoded_ns = clock_monotonic_ns();
    if (!vision_resize(&classifier->decoded, classifier->width, classifier->height,
                       &classifier->input, error))
        return false;
    now.resized_ns = clock_monotonic_ns();
    if (!classify(classifier, scores, error))
        return false;
    now.scored_ns = clock_monotonic_ns();
    if (times)
        *times = now;
    return true;
}
