#include "tool/codec.h"

#include "common/luma.h"
#include "vision/jpeg.h"
#include "vision/picture.h"

#include <stdlib.h>
#include <string.h>

static void from_bgr(const struct image *bgr, int channels, uint8_t *pixels)
{
    for (int y = 0; y < bgr->height; y++) {
        const uint8_t *row = bgr->data + (size_t)y * (size_t)bgr->stride;
        for (int x = 0; x < bgr->width; x++, row += 3) {
            if (channels == 1) {
                *pixels++ = luma(row);
                continue;
            }
            *pixels++ = row[2];
            *pixels++ = row[1];
            *pixels++ = row[0];
        }
    }
}

/* As the daemon does it: decoded no larger than needed, then resized linearly. */
static bool decode(const uint8_t *bytes, size_t size, int height, int width, int channels,
                   uint8_t *pixels, struct error *error)
{
    struct image decoded = {0}, small = {0};
    int min_side = height > width ? height : width;
    bool good = picture_decode(bytes, size, min_side, &decoded, error) &&
                vision_resize(&decoded, width, height, &small, error);
    if (good)
        from_bgr(&small, channels, pixels);
    image_free(&decoded);
    image_free(&small);
    return good;
}

/* R, G, B and B, G, R are each other's swap; one channel stays. */
static void swap_channels(const uint8_t *from, uint8_t *to, size_t count, int channels)
{
    if (channels == 1) {
        memcpy(to, from, count);
        return;
    }
    for (size_t i = 0; i + 2 < count; i += 3) {
        to[i] = from[i + 2];
        to[i + 1] = from[i + 1];
        to[i + 2] = from[i];
    }
}

static bool recompress(uint8_t *pixels, int height, int width, int channels, int quality,
                       struct error *error)
{
    struct image image = {0}, back = {0};
    uint8_t *jpeg = NULL;
    size_t size, count = (size_t)height * (size_t)width * (size_t)channels;
    bool good = image_reserve(&image, width, height, channels, error);
    if (good) {
        swap_channels(pixels, image.data, count, channels);
        good = jpeg_encode(&image, quality, &jpeg, &size, error) &&
               jpeg_decode(jpeg, size, 0, &back, error);
    }
    if (good)
        from_bgr(&back, channels, pixels);
    free(jpeg);
    image_free(&image);
    image_free(&back);
    return good;
}

const struct picture_codec codec_vision = {.decode = decode, .recompress = recompress};
