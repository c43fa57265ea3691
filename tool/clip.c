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

enum { FIRST_ROOM = 256 };

static size_t larger_room(int room)
{
    return room ? 2 * (size_t)room : FIRST_ROOM;
}

static bool reserve_frame(struct clip *clip)
{
    if (clip->count < clip->room)
        return true;
    const size_t room = larger_room(clip->room);
    struct clip_frame *frames = realloc(clip->frames, room * sizeof *frames);
    if (!frames)
        return false;
    clip->frames = frames;
    clip->room = (int)room;
    return true;
}

/* From all views of a frame. */
static bool reserve_looks(struct clip *clip)
{
    if (clip->look_count + VIEWS_MAX <= clip->look_room)
        return true;
    const size_t room = larger_room(clip->look_room);
    int *views = realloc(clip->views, room * sizeof *views);
    if (views)
        clip->views = views;
    double *scores = realloc(clip->scores, room * (size_t)clip->class_count * sizeof *scores);
    if (scores)
        clip->scores = scores;
    if (!views || !scores)
        return false;
    clip->look_room = (int)room;
    return true;
}

static void add_look(struct clip *clip, const struct look *look)
{
    const size_t classes = (size_t)clip->class_count;
    clip->views[clip->look_count] = look->view;
    memcpy(clip->scores + (size_t)clip->look_count * classes, look->scores,
           classes * sizeof *clip->scores);
    clip->look_count++;
}

/* *damage: why the newest frame that gave no scores gave none. */
static bool add_frame(struct clip *clip, struct classifier *classifier, const struct frame *frame,
                      struct error *damage, struct error *error)
{
    struct looks looks;
    if (!classifier_run(classifier, frame, &looks, NULL, damage)) {
        clip->damaged++;
        return true;
    }
    if (!reserve_frame(clip) || !reserve_looks(clip))
        return error_set(error, "out of memory");
    clip->frames[clip->count++] =
        (struct clip_frame){frame->time_s, looks.views, clip->look_count, looks.count};
    for (int i = 0; i < looks.count; i++)
        add_look(clip, &looks.list[i]);
    return true;
}

static bool refuse_empty(const struct clip *clip, const struct error *damage, struct error *error)
{
    return clip->damaged ? error_set(error, "none of its %d frames gives scores; the newest: %s",
                                     clip->damaged, damage->message)
                         : error_set(error, "holds no frames");
}

static bool read_frames(struct clip *clip, struct classifier *classifier, struct capture *capture,
                        struct error *error)
{
    bool good = true;
    enum capture_status status = CAPTURE_FRAME;
    struct error damage;
    while (good && status == CAPTURE_FRAME) {
        struct frame *frame = NULL;
        status = capture_read(capture, &frame, error);
        if (status == CAPTURE_FRAME)
            good = add_frame(clip, classifier, frame, &damage, error);
        frame_unref(&frame);
    }
    if (good && status == CAPTURE_END && clip->count == 0)
        return refuse_empty(clip, &damage, error);
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
               enum views_mode mode, struct error *error)
{
    *clip = (struct clip){.path = path, .class_count = model->class_count};
    struct classifier *classifier = classifier_create(model, cpu, mode, error);
    bool good = classifier && read_clip(clip, classifier, error);
    classifier_destroy(classifier);
    if (!good)
        clip_free(clip);
    return good;
}

void clip_free(struct clip *clip)
{
    free(clip->frames);
    free(clip->views);
    free(clip->scores);
    *clip = (struct clip){0};
}

void clip_looks(const struct clip *clip, int frame, struct looks *looks)
{
    const struct clip_frame *f = &clip->frames[frame];
    const size_t classes = (size_t)clip->class_count;
    looks->views = f->views;
    looks->count = f->looks;
    for (int i = 0; i < f->looks; i++) {
        looks->list[i].view = clip->views[f->first + i];
        memcpy(looks->list[i].scores, clip->scores + (size_t)(f->first + i) * classes,
               classes * sizeof *clip->scores);
    }
}

const char *clip_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
