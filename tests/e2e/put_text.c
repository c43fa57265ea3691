/* put_text WIDTH HEIGHT TEXT - for test_put_text: draws the scene, sends it through a JPEG, and
 * writes the decoded picture and then the same with the label to standard output, both raw BGR. */
#include "capture/capture.h"
#include "daemon/annotate.h"
#include "vision/jpeg.h"

#include <stdio.h>
#include <stdlib.h>

static bool draw_scene(int width, int height, struct image *bgr, struct error *error)
{
    const struct capture_settings settings = {.source = "synthetic",
                                              .format = "auto",
                                              .width = width,
                                              .height = height,
                                              .fps = 25,
                                              .controls = "",
                                              .replay_speed = REPLAY_MAX,
                                              .replay_loop = 1,
                                              .limit = 1};
    struct frame *frame = NULL;
    struct capture *capture = capture_open(&settings, error);
    bool ok = capture && capture_read(capture, &frame, error) == CAPTURE_FRAME &&
              vision_frame_to_bgr(frame, 0, bgr, error);
    frame_unref(&frame);
    capture_close(capture);
    return ok;
}

static bool send_through_jpeg(struct image *bgr, struct error *error)
{
    uint8_t *jpeg;
    size_t size;
    bool ok = jpeg_encode(bgr, 90, &jpeg, &size, error) && jpeg_decode(jpeg, size, 0, bgr, error);
    free(jpeg);
    return ok;
}

static bool write_picture(const struct image *bgr, struct error *error)
{
    size_t size = (size_t)bgr->stride * (size_t)bgr->height;
    return fwrite(bgr->data, 1, size, stdout) == size || error_set(error, "cannot write");
}

static bool annotate(const char *text, struct image *bgr, struct error *error)
{
    const struct annotate_settings demo = {text, 2, 100, 120, 2, "0,255,0"};
    const struct label_values values = {.label = "cat", .score = 0.93, .fps = 25};
    struct annotator *annotator = annotate_create(&demo, error);
    bool ok = annotator && annotate_frame(annotator, &values, bgr, error);
    annotate_destroy(annotator);
    return ok;
}

int main(int argc, char **argv)
{
    struct image bgr = {0};
    struct error error;
    if (argc != 4)
        return EXIT_CODE_USAGE;
    bool ok = draw_scene(atoi(argv[1]), atoi(argv[2]), &bgr, &error) &&
              send_through_jpeg(&bgr, &error) && write_picture(&bgr, &error) &&
              annotate(argv[3], &bgr, &error) && write_picture(&bgr, &error);
    if (!ok)
        fprintf(stderr, "put_text: %s\n", error.message);
    image_free(&bgr);
    return ok ? EXIT_CODE_OK : EXIT_CODE_RUNTIME;
}
