#include "vision/jpeg.h"

#include "common/frame.h"
#include "vision/refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

/*
 * Each call makes its own TurboJPEG handle: that takes 0.25 us, and a reused one would decode a
 * frame without Huffman tables by those of the frame before it.
 */

enum {
    /* Every 8x8 block takes at least one bit of a Huffman-coded file, so no honest file has more
     * pixels per byte than this. Keeps 1 KB of lies from asking for gigabytes. */
    PIXELS_PER_BYTE_MAX = 8 * 8 * 8,
    /* Some cameras (Logitech C270 and others) pad the data in front of a marker. */
    HARMLESS_PADDING_BYTES = 16,
};

/* Reads the header and refuses what is not worth decoding. */
static bool read_header(tjhandle handle, const uint8_t *jpeg, size_t size, int *width, int *height,
                        struct error *error)
{
    int subsampling, colourspace;
    *width = *height = 0; /* a file that holds tables only is no error to TurboJPEG */
    if (tjDecompressHeader3(handle, jpeg, size, width, height, &subsampling, &colourspace) != 0)
        return error_set(error, "not a JPEG picture, or a damaged one: %s", tjGetErrorStr2(handle));
    if (*width < 1 || *height < 1)
        return error_set(error, "damaged JPEG picture: there is no picture in it");
    if (*width > FRAME_SIDE_MAX || *height > FRAME_SIDE_MAX)
        return error_set(error, "a JPEG picture of %dx%d pixels is too large: sides go up to %d",
                         *width, *height, FRAME_SIDE_MAX);
    if ((size_t)*width * (size_t)*height / PIXELS_PER_BYTE_MAX > size)
        return error_set(error, "damaged JPEG picture: %zu bytes cannot hold %dx%d pixels", size,
                         *width, *height);
    return true;
}

/* The largest of 1, 2, 4, 8 by which the picture may be divided. */
static int choose_divisor(int width, int height, int min_side)
{
    int smaller = width < height ? width : height;
    int divisor = 1;
    while (min_side > 0 && divisor < 8 && (smaller + 2 * divisor - 1) / (2 * divisor) >= min_side)
        divisor *= 2;
    return divisor;
}

/* All pixels are there in spite of this warning; any other tells of missing or wrong ones. */
static bool is_harmless(const char *warning)
{
    unsigned padding;
    return sscanf(warning, "Corrupt JPEG data: %u extraneous bytes before marker", &padding) == 1 &&
           padding <= HARMLESS_PADDING_BYTES;
}

static bool decode(tjhandle handle, const uint8_t *jpeg, size_t size, int min_side,
                   struct image *bgr, struct error *error)
{
    int width, height;
    if (!read_header(handle, jpeg, size, &width, &height, error))
        return false;
    tjscalingfactor factor = {1, choose_divisor(width, height, min_side)};
    if (!image_reserve(bgr, TJSCALED(width, factor), TJSCALED(height, factor), 3, error))
        return false;
    if (tjDecompress2(handle, jpeg, size, bgr->data, bgr->width, bgr->stride, bgr->height, TJPF_BGR,
                      TJFLAG_LIMITSCANS) == 0)
        return true;
    const char *why = tjGetErrorStr2(handle);
    if (tjGetErrorCode(handle) == TJERR_WARNING && is_harmless(why))
        return true;
    return refuse_picture(error, "JPEG", why);
}

bool jpeg_size(const uint8_t *jpeg, size_t size, int *width, int *height, struct error *error)
{
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return error_set_memory(error, "out of memory for decoding a JPEG picture");
    bool ok = read_header(handle, jpeg, size, width, height, error);
    tjDestroy(handle);
    return ok;
}

bool jpeg_decode(const uint8_t *jpeg, size_t size, int min_side, struct image *bgr,
                 struct error *error)
{
    tjhandle handle = tjInitDecompress();
    if (!handle)
        return error_set_memory(error, "out of memory for decoding a JPEG picture");
    bool ok = decode(handle, jpeg, size, min_side, bgr, error);
    tjDestroy(handle);
    return ok;
}

/* --- encoding --------------------------------------------------------------------------------- */

static bool reserve(struct jpeg_room *room, size_t capacity)
{
    if (capacity <= room->capacity)
        return true;
    jpeg_room_free(room); /* its content is not worth copying */
    room->data = malloc(capacity);
    room->capacity = room->data ? capacity : 0;
    return room->data != NULL;
}

static bool out_of_memory(struct error *error)
{
    return error_set_memory(error, "out of memory for encoding a JPEG picture");
}

static bool encode(tjhandle handle, const struct image *image, int quality, struct jpeg_room *room,
                   uint8_t **jpeg, size_t *size, struct error *error)
{
    int pixels = image->channels == 1 ? TJPF_GRAY : TJPF_BGR;
    int subsampling = image->channels == 1 ? TJSAMP_GRAY : TJSAMP_420;
    unsigned long used = room->capacity;
    if (tjCompress2(handle, image->data, image->width, image->stride, image->height, pixels,
                    &room->data, &used, subsampling, quality, TJFLAG_NOREALLOC) != 0)
        return error_set(error, "cannot encode a picture of %dx%d pixels as JPEG: %s", image->width,
                         image->height, tjGetErrorStr2(handle));
    *jpeg = malloc(used);
    if (!*jpeg)
        return out_of_memory(error);
    memcpy(*jpeg, room->data, used);
    *size = used;
    return true;
}

bool jpeg_encode_in(struct jpeg_room *room, const struct image *image, int quality, uint8_t **jpeg,
                    size_t *size, struct error *error)
{
    *jpeg = NULL;
    *size = 0;
    if (!image->data)
        return error_set(error, "there is no picture to encode");
    tjhandle handle = tjInitCompress();
    bool ok = handle && reserve(room, tjBufSize(image->width, image->height, TJSAMP_420))
                  ? encode(handle, image, quality, room, jpeg, size, error)
                  : out_of_memory(error);
    if (handle)
        tjDestroy(handle);
    return ok;
}

void jpeg_room_free(struct jpeg_room *room)
{
    free(room->data);
    *room = (struct jpeg_room){0};
}

bool jpeg_encode(const struct image *image, int quality, uint8_t **jpeg, size_t *size,
                 struct error *error)
{
    struct jpeg_room room = {0};
    bool ok = jpeg_encode_in(&room, image, quality, jpeg, size, error);
    jpeg_room_free(&room);
    return ok;
}
