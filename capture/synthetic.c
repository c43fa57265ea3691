/* synthetic: the drawn scene as a source; deterministic by seed, rate, size and frame number. */
#include "capture/backend.h"
#include "capture/story.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_WIDTH = 640, DEFAULT_HEIGHT = 480 };

struct film {
    int width, height;
    double fps;
    int seed;
    uint64_t next; /* frame number */
    char description[96];
};

static void film_close(void *self)
{
    free(self);
}

static void *film_open(const struct capture_settings *settings, int interrupt_fd,
                       enum capture_status *status, struct error *error)
{
    (void)interrupt_fd;
    *status = CAPTURE_FAILED;
    int width = settings->width > 0 ? settings->width : DEFAULT_WIDTH;
    int height = settings->height > 0 ? settings->height : DEFAULT_HEIGHT;
    if (frame_bytes(PIXEL_BGR24, width, height, frame_min_stride(PIXEL_BGR24, width)) == 0) {
        error_set_usage(error, "synthetic: %d x %d pixels; 1 to %d a side are allowed", width,
                        height, FRAME_SIDE_MAX);
        return NULL;
    }
    struct film *film = malloc(sizeof *film);
    if (!film) {
        error_set(error, "synthetic: out of memory");
        return NULL;
    }
    *film = (struct film){
        .width = width, .height = height, .fps = backend_fps(settings), .seed = settings->seed};
    snprintf(film->description, sizeof film->description,
             "synthetic, %dx%d, %.4g frames/s, seed %d", width, height, film->fps, film->seed);
    *status = CAPTURE_FRAME;
    return film;
}

static struct frame *draw(const struct film *film, const struct scene *scene, struct error *error)
{
    int stride = frame_min_stride(PIXEL_BGR24, film->width);
    struct frame *frame = frame_create(PIXEL_BGR24, film->width, film->height, stride,
                                       frame_bytes(PIXEL_BGR24, film->width, film->height, stride));
    if (!frame) {
        error_set(error, "synthetic: out of memory");
        return NULL;
    }
    struct image image = {.data = frame->data,
                          .width = film->width,
                          .height = film->height,
                          .channels = 3,
                          .stride = stride};
    if (!scene_draw(scene, &image, error))
        frame_unref(&frame);
    return frame;
}

static enum capture_status film_read(void *self, struct frame **frame, struct error *error)
{
    struct film *film = self;
    double time_s = (double)film->next / film->fps;
    struct scene scene;
    story_scene(film->seed, time_s, &scene);
    *frame = draw(film, &scene, error);
    if (!*frame)
        return CAPTURE_LOST;
    (*frame)->captured_ns = clock_monotonic_ns();
    (*frame)->time_s = time_s;
    (*frame)->truth = scene_truth(&scene, film->width, film->height);
    film->next++;
    return CAPTURE_FRAME;
}

static enum capture_status film_rewind(void *self, struct error *error)
{
    (void)error;
    ((struct film *)self)->next = 0;
    return CAPTURE_FRAME;
}

static const char *film_describe(const void *self)
{
    return ((const struct film *)self)->description;
}

const struct backend backend_synthetic = {.name = "synthetic",
                                          .is_recording = true,
                                          .open = film_open,
                                          .read = film_read,
                                          .rewind = film_rewind,
                                          .describe = film_describe,
                                          .close = film_close};
