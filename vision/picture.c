#include "vision/picture.h"

#include "common/frame.h"
#include "vision/jpeg.h"
#include "vision/refuse.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

/* --- PNG -------------------------------------------------------------------------------------- */

static bool decode_png(const uint8_t *bytes, size_t size, struct image *bgr, struct error *error)
{
    const png_color white = {255, 255, 255};
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, bytes, size))
        return refuse_picture(error, "PNG", png.message);
    png.format = PNG_FORMAT_BGR;
    bool good =
        png.width <= FRAME_SIDE_MAX && png.height <= FRAME_SIDE_MAX
            ? image_reserve(bgr, (int)png.width, (int)png.height, 3, error)
            : error_set(error, "a PNG picture of %ux%u pixels is too large", png.width, png.height);
    if (good && !png_image_finish_read(&png, &white, bgr->data, bgr->stride, NULL))
        good = refuse_picture(error, "PNG", png.message);
    png_image_free(&png);
    return good;
}

bool png_encode(const struct image *bgr, uint8_t **bytes, size_t *size, struct error *error)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)bgr->width,
                     .height = (png_uint_32)bgr->height,
                     .format = PNG_FORMAT_BGR};
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
    *bytes = malloc(room);
    if (!*bytes)
        return error_set_memory(error, "out of memory for encoding a PNG picture");
    if (png_image_write_to_memory(&png, *bytes, &room, 0, bgr->data, bgr->stride, NULL)) {
        *size = room;
        return true;
    }
    error_set(error, "cannot encode a picture of %dx%d pixels as PNG: %s", bgr->width, bgr->height,
              png.message);
    free(*bytes);
    *bytes = NULL;
    return false;
}

/* --- WebP ------------------------------------------------------------------------------------- */

static bool decode_webp_into(const uint8_t *bytes, size_t size, WebPDecoderConfig *config,
                             WEBP_CSP_MODE mode, uint8_t *out, int stride, struct error *error)
{
    config->output.colorspace = mode;
    config->output.is_external_memory = 1;
    config->output.u.RGBA.rgba = out;
    config->output.u.RGBA.stride = stride;
    config->output.u.RGBA.size = (size_t)stride * (size_t)config->input.height;
    const VP8StatusCode status = WebPDecode(bytes, size, config);
    if (status == VP8_STATUS_OUT_OF_MEMORY)
        return error_set_memory(error, "WebP picture: out of memory");
    return status == VP8_STATUS_OK || error_set(error, "damaged WebP picture, or one that moves");
}

/* bgra: packed; B, G and R multiplied by A already. */
static void lay_on_white(const uint8_t *bgra, struct image *bgr)
{
    for (int y = 0; y < bgr->height; y++) {
        uint8_t *to = bgr->data + (ptrdiff_t)y * bgr->stride;
        for (int x = 0; x < bgr->width; x++, bgra += 4)
            for (int c = 0; c < 3; c++)
                *to++ = (uint8_t)(bgra[c] + 255 - bgra[3]);
    }
}

static bool decode_transparent_webp(const uint8_t *bytes, size_t size, WebPDecoderConfig *config,
                                    struct image *bgr, struct error *error)
{
    const int stride = bgr->width * 4;
    uint8_t *bgra = malloc((size_t)stride * (size_t)bgr->height);
    if (!bgra)
        return error_set_memory(error, "WebP picture: out of memory");
    const bool good = decode_webp_into(bytes, size, config, MODE_bgrA, bgra, stride, error);
    if (good)
        lay_on_white(bgra, bgr);
    free(bgra);
    return good;
}

static bool decode_webp(const uint8_t *bytes, size_t size, struct image *bgr, struct error *error)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config) ||
        WebPGetFeatures(bytes, size, &config.input) != VP8_STATUS_OK)
        return error_set(error, "damaged WebP picture");
    if (!image_reserve(bgr, config.input.width, config.input.height, 3, error))
        return false;
    return config.input.has_alpha
               ? decode_transparent_webp(bytes, size, &config, bgr, error)
               : decode_webp_into(bytes, size, &config, MODE_BGR, bgr->data, bgr->stride, error);
}

/* --- all -------------------------------------------------------------------------------------- */

static bool begins_with(const uint8_t *bytes, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(bytes, magic, length) == 0;
}

bool picture_decode(const uint8_t *bytes, size_t size, int min_side, struct image *bgr,
                    struct error *error)
{
    if (begins_with(bytes, size, "\xff\xd8", 2))
        return jpeg_decode(bytes, size, min_side, bgr, error);
    if (begins_with(bytes, size, "\x89PNG\r\n\x1a\n", 8))
        return decode_png(bytes, size, bgr, error);
    if (begins_with(bytes, size, "BM", 2))
        return bmp_decode(bytes, size, bgr, error);
    if (size >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return decode_webp(bytes, size, bgr, error);
    return error_set(error, "not a JPEG, PNG, BMP or WebP picture");
}
