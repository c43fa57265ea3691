#include "tool/clip.h"

#include "capture/capture.h"
#include "classify/classifier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Cameras and streams are sources, too, but have no end and no labels. */
static bool check_file(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return error_set(error, "%s", strerror(errno));
    return S_ISREG(status.st_mode) || error_set(error, "is not a file");
}

static bool reserve(struct clip *clip, struct error *error)
{
    enum { FIRST_ROOM = 256 };
    if (clip->count < clip->room)
        return true;
    size_t room = clip->room ? 2 * (size_t)clip->room : FIRST_ROOM;
    double *times = realloc(clip->times_s, room * sizeof *times);
    if (times)
        clip->times_s = times;
    double *scores = realloc(clip->scores, room * (size_t)clip->class_count * sizeof *scores);
    if (scores)
        clip->scores = scores;
    if (!times || !scores)
        return error_set(error, "out of memory");
    clip->room = (int)room;
    return true;
}

static bool add_frame(struct clip *clip, struct classifier *classifier, const struct frame *frame,
                      struct error *error)
{
    double scores[PREDICTION_CLASSES_MAX];
    struct error damage;
    if (!classifier_run(classifier, frame, scores, NULL, &damage)) {
        clip->damaged++;
        return true;
    }
    if (!reserve(clip, error))
        return false;
    clip->times_s[clip->count] = frame->time_s;
    memcpy(clip->scores + (size_t)clip->count * (size_t)clip->class_count, scores,
           (size_t)clip->class_count * sizeof *scores);
    clip->count++;
    return true;
}

static bool read_frames(struct clip *clip, struct classifier *classifier, struct capture *capture,
                        struct error *error)
{
    bool good = true;
    enum capture_status status = CAPTURE_FRAME;
    while (good && status == CAPTURE_FRAME) {
        struct frame *frame = NULL;
        status = capture_read(capture, &frame, error);
        if (status == CAPTURE_FRAME)
            good = add_frame(clip, classifier, frame, error);
        frame_unref(&frame);
    }
    if (good && status == CAPTURE_END && clip->count == 0)
        return error_set(error, "none of its frames can be decoded");
    return good && status == CAPTURE_END;
}

static bool read_clip(struct clip *clip, struct classifier *classifier, struct error *error)
{
    const struct capture_settings settings = {
        .source = clip->path,
        .format = "auto",
        .controls = "",
        .fps = 30,
        .timeout_s = 5,
        .replay_speed = REPLAY_MAX,
        .replay_loop = 1,
    };
    if (!check_file(clip->path, error))
        return error_prefix(error, "%s", clip->path);
    struct capture *capture = capture_open(&settings, error);
    if (!capture)
        return false; /* the error names the source */
    bool good =
        read_frames(clip, classifier, capture, error) || error_prefix(error, "%s", clip->path);
    capture_close(capture);
    return good;
}

bool clip_read(struct clip *clip, const char *path, const struct model *model, const char *cpu,
               struct error *error)
{
    *clip = (struct clip){.path = path, .class_count = model->class_count};
    struct classifier *classifier = classifier_create(model, cpu, error);
    bool good = classifier && read_clip(clip, classifier, error);
    classifier_destroy(classifier);
    if (!good)
        clip_free(clip);
    return good;
}

void clip_free(struct clip *clip)
{
    free(clip->times_s);
    free(clip->scores);
    *clip = (struct clip){0};
}

const char *clip_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
