/* Windows bitmaps. Format: Microsoft's "Bitmap storage": BITMAPFILEHEADER, BITMAPINFOHEADER and its
 * longer successors, an optional palette, rows from the bottom up in multiples of four bytes. */
#include "common/frame.h"
#include "vision/picture.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_HEADER = 14, INFO_HEADER = 40, UNCOMPRESSED = 0, BIT_FIELDS = 3 };

struct bmp {
    const uint8_t *rows, *palette;
    size_t palette_size, stride;
    int width, height, bits;
    bool top_down;
};

static uint32_t get_32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool read_geometry(const uint8_t *bytes, size_t size, struct bmp *bmp, struct error *error)
{
    if (size < FILE_HEADER + INFO_HEADER || get_32(bytes + 14) < INFO_HEADER)
        return error_set(error, "damaged BMP picture: its header is too short");
    int64_t width = (int32_t)get_32(bytes + 18), height = (int32_t)get_32(bytes + 22);
    bmp->top_down = height < 0;
    height = llabs(height);
    if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX)
        return error_set(error, "a BMP picture of %lldx%lld pixels is not possible",
                         (long long)width, (long long)height);
    bmp->width = (int)width;
    bmp->height = (int)height;
    return true;
}

/* Fills in where the rows are, after checking that they are all there. */
static bool read_header(const uint8_t *bytes, size_t size, struct bmp *bmp, struct error *error)
{
    if (!read_geometry(bytes, size, bmp, error))
        return false;
    uint32_t compression = get_32(bytes + 30);
    bmp->bits = bytes[28] | bytes[29] << 8;
    bool plain =
        (compression == UNCOMPRESSED && (bmp->bits == 8 || bmp->bits == 24 || bmp->bits == 32)) ||
        (compression == BIT_FIELDS && bmp->bits == 32);
    if (!plain)
        return error_set(error, "a BMP picture of %d bits and compression %u is not supported",
                         bmp->bits, compression);
    size_t offset = get_32(bytes + 10), palette = FILE_HEADER + (size_t)get_32(bytes + 14);
    bmp->stride = ((size_t)bmp->width * (size_t)bmp->bits + 31) / 32 * 4;
    if (offset > size || palette > offset || size - offset < bmp->stride * (size_t)bmp->height)
        return error_set(error, "damaged BMP picture: it is cut off");
    bmp->rows = bytes + offset;
    bmp->palette = bytes + palette;
    bmp->palette_size = (offset - palette) / 4;
    return true;
}

/* Rows are B, G, R already (and one unused byte); 8 bits are looked up in the palette. */
static bool convert_row(const struct bmp *bmp, const uint8_t *from, uint8_t *to)
{
    for (int x = 0; x < bmp->width; x++, to += 3) {
        const uint8_t *pixel = from + x * bmp->bits / 8;
        if (bmp->bits == 8 && *pixel >= bmp->palette_size)
            return false;
        memcpy(to, bmp->bits == 8 ? bmp->palette + 4 * (size_t)*pixel : pixel, 3);
    }
    return true;
}

bool bmp_decode(const uint8_t *bytes, size_t size, struct image *bgr, struct error *error)
{
    struct bmp bmp = {0};
    if (!read_header(bytes, size, &bmp, error) ||
        !image_reserve(bgr, bmp.width, bmp.height, 3, error))
        return false;
    for (int y = 0; y < bmp.height; y++) {
        int row = bmp.top_down ? y : bmp.height - 1 - y;
        if (!convert_row(&bmp, bmp.rows + (size_t)row * bmp.stride,
                         bgr->data + (size_t)y * (size_t)bgr->stride))
            return error_set(error, "damaged BMP picture: a colour is not in its palette");
    }
    return true;
}
