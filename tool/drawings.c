#include "tool/drawings.h"

#include "capture/drawing.h"
#include "vision/vision.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_SIDE = 240, SEED = 1 };

/* Draws number `number`, and resizes it, as the daemon would a frame, into `small`. */
static bool make(int number, int width, int height, struct image images[3], struct error *error)
{
    static const enum scene_animal animals[] = {SCENE_CAT, SCENE_DOG, SCENE_NOBODY};
    const struct drawing drawing =
        drawing_random(SEED, (uint64_t)number, animals[number % 3], SHORT_SIDE);
    return drawing_render(&drawing, &images[0], &images[1], error) &&
           vision_resize(&images[1], width, height, &images[2], error);
}

uint8_t *drawings_make(int count, int width, int height, struct error *error)
{
    struct image images[3] = {0}; /* reused: twice as large, as drawn, of the size asked for */
    const size_t row = (size_t)width * 3, size = row * (size_t)height;
    uint8_t *pixels = malloc((size_t)count * size);
    bool good = pixels || error_set(error, "out of memory");
    for (int i = 0; good && i < count; i++) {
        good = make(i, width, height, images, error);
        for (int y = 0; good && y < height; y++)
            memcpy(pixels + (size_t)i * size + (size_t)y * row,
                   images[2].data + (ptrdiff_t)y * images[2].stride, row);
    }
    for (int i = 0; i < 3; i++)
        image_free(&images[i]);
    if (good)
        return pixels;
    free(pixels);
    return NULL;
}
