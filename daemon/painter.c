#include "daemon/painter.h"

#include "daemon/annotate.h"
#include "daemon/placeholder.h"
#include "vision/jpeg.h"

#include <stdlib.h>

struct painter {
    struct annotator *annotator;
    int jpeg_quality;
    struct image picture; /* working memory, as is the next */
    struct jpeg_room room;
};

struct painter *painter_create(const struct options *options, struct error *error)
{
    struct painter *painter = calloc(1, sizeof *painter);
    if (!painter) {
        error_set(error, "painter: out of memory");
        return NULL;
    }
    painter->jpeg_quality = options->label.jpeg_quality;
    painter->annotator = annotate_create(
        &(struct annotate_settings){
            .text = options->label.text,
            .scale = options->label.scale,
            .x = options->label.x,
            .y = options->label.y,
            .thickness = options->label.thickness,
            .colour = options->label.colour,
        },
        error);
    if (painter->annotator)
        return painter;
    painter_destroy(painter);
    return NULL;
}

void painter_destroy(struct painter *painter)
{
    if (!painter)
        return;
    annotate_destroy(painter->annotator);
    image_free(&painter->picture);
    jpeg_room_free(&painter->room);
    free(painter);
}

static bool draw_labelled(struct painter *painter, const struct frame *frame,
                          const struct snapshot *snapshot, struct error *error)
{
    struct label_values values = {
        .label = snapshot->prediction.label,
        .score = snapshot->prediction.score,
        .wall_s = snapshot->wall_s,
        .fps = snapshot->source.processed_fps,
    };
    return vision_frame_to_bgr(frame, 0, &painter->picture, error) &&
           annotate_frame(painter->annotator, &values, &painter->picture, error);
}

bool painter_paint(struct painter *painter, const struct frame *frame, struct snapshot *snapshot,
                   struct error *error)
{
    const struct source_state *source = &snapshot->source;
    bool drawn = frame ? draw_labelled(painter, frame, snapshot, error)
                       : placeholder_draw(source->width, source->height, source->name, source->lost,
                                          &painter->picture, error);
    return drawn && jpeg_encode_in(&painter->room, &painter->picture, painter->jpeg_quality,
                                   &snapshot->jpeg, &snapshot->jpeg_size, error);
}
