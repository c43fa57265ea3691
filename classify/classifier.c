#include "classify/classifier.h"

#include "common/clock.h"
#include "common/text.h"
#include "nn/session.h"
#include "vision/vision.h"

#include <stdlib.h>

struct classifier {
    const struct model *model;
    int height, width; /* the network's input */
    enum views_mode mode;
    struct turns turns;
    struct session *session;
    struct image decoded;           /* the frame, perhaps at a fraction of its size */
    struct image inputs[VIEWS_MAX]; /* views of it at the network's size */
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

int classifier_nobody(const struct model *model)
{
    const int found = text_find(model->class_names, model->class_count, "neither");
    return found < 0 || !model_gives_shares(model) ? POOL_NO_CLASS : found;
}

enum views_mode classifier_mode(const struct model *model, enum views_mode mode)
{
    return classifier_check_model(model, NULL) && classifier_nobody(model) != POOL_NO_CLASS
               ? mode
               : VIEWS_WHOLE;
}

/* --- life ------------------------------------------------------------------------------------- */

struct classifier *classifier_create(const struct model *model, const char *cpu,
                                     enum views_mode mode, struct error *error)
{
    struct classifier *classifier = calloc(1, sizeof *classifier);
    if (!classifier) {
        error_set(error, "classifier: out of memory");
        return NULL;
    }
    const struct shape *shape = model_input_shape(model);
    classifier->model = model;
    classifier->mode = classifier_mode(model, mode);
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
    for (int i = 0; i < VIEWS_MAX; i++)
        image_free(&classifier->inputs[i]);
    free(classifier);
}

/* --- looking ---------------------------------------------------------------------------------- */

/* The part of an image, in its memory. */
static struct image part_of(const struct image *image, struct rectangle place)
{
    return (struct image){
        .data =
            image->data + (ptrdiff_t)place.y * image->stride + (ptrdiff_t)place.x * image->channels,
        .width = place.width,
        .height = place.height,
        .channels = image->channels,
        .stride = image->stride,
    };
}

static struct views views_in(const struct classifier *classifier, const struct image *picture)
{
    return views_of(classifier->mode, picture->width, picture->height, classifier->width,
                    classifier->height);
}

/* Makes an input of each of looks->count views, of which `due` are the numbers. */
static bool resize(struct classifier *classifier, const struct image *picture,
                   const int due[VIEWS_MAX], struct looks *looks, struct error *error)
{
    const struct views *views = &looks->views;
    for (int i = 0; i < looks->count; i++) {
        const struct image part = part_of(picture, views_place(views, due[i]));
        looks->list[i].view = due[i];
        if (!vision_resize(&part, classifier->width, classifier->height, &classifier->inputs[i],
                           error))
            return false;
        if (views_mirrored(views, due[i]))
            image_mirror(&classifier->inputs[i]);
    }
    return true;
}

static bool score(struct classifier *classifier, const struct image *input, double *scores,
                  struct error *error)
{
    float values[PREDICTION_CLASSES_MAX];
    session_classify(classifier->session, input->data, input->stride, values);
    for (int i = 0; i < classifier->model->class_count; i++)
        scores[i] = (double)values[i];
    return model_check_scores(classifier->model, values, error);
}

static bool score_all(struct classifier *classifier, struct looks *looks, struct error *error)
{
    for (int i = 0; i < looks->count; i++)
        if (!score(classifier, &classifier->inputs[i], looks->list[i].scores, error))
            return false;
    return true;
}

bool classifier_run(struct classifier *classifier, const struct frame *frame, struct looks *looks,
                    struct classifier_times *times, struct error *error)
{
    struct image *decoded = &classifier->decoded;
    struct classifier_times now = {.start_ns = clock_monotonic_ns()};
    int due[VIEWS_MAX];
    if (!vision_frame_to_bgr(frame, classifier_min_side(classifier), decoded, error)) {
        turns_skip(&classifier->turns, frame->sequence);
        return false;
    }
    now.decoded_ns = clock_monotonic_ns();
    looks->views = views_in(classifier, decoded);
    looks->count =
        turns_take(&classifier->turns, &looks->views, frame->time_s, frame->sequence, due);
    if (!resize(classifier, decoded, due, looks, error))
        return false;
    now.resized_ns = clock_monotonic_ns();
    if (!score_all(classifier, looks, error))
        return false;
    now.scored_ns = clock_monotonic_ns();
    if (times)
        *times = now;
    return true;
}

void classifier_reset(struct classifier *classifier)
{
    classifier->turns = (struct turns){0};
}

int classifier_min_side(const struct classifier *classifier)
{
    return views_min_side(classifier->mode, classifier->width, classifier->height);
}

bool classifier_look(struct classifier *classifier, const struct image *picture,
                     struct looks *looks, struct error *error)
{
    int due[VIEWS_MAX];
    looks->views = views_in(classifier, picture);
    looks->count = looks->views.count;
    for (int i = 0; i < looks->count; i++)
        due[i] = i;
    return resize(classifier, picture, due, looks, error) && score_all(classifier, looks, error);
}
