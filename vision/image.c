#include "vision/vision.h"

#include "common/frame.h"

#include <stdlib.h>

enum { ALIGNMENT = 64 };

void image_free(struct image *image)
{
    if (image->capacity)
        free(image->data);
    *image = (struct image){0};
}

/* What was in the image is not kept, so that nothing is copied. */
static bool grow(struct image *image, size_t size, struct error *error)
{
    size_t capacity = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    image_free(image);
    image->data = aligned_alloc(ALIGNMENT, capacity);
    if (!image->data)
        return error_set_memory(error, "out of memory for a picture of %zu bytes", size);
    image->capacity = capacity;
    return true;
}

bool image_reserve(struct image *image, int width, int height, int channels, struct error *error)
{
    if (width < 1 || height < 1 || width > FRAME_SIDE_MAX || height > FRAME_SIDE_MAX)
        return error_set(error, "a picture of %dx%d pixels is not possible: sides go from 1 to %d",
                         width, height, FRAME_SIDE_MAX);
    if (channels != 1 && channels != 3)
        return error_set(error, "a picture of %d channels is not possible: only 1 or 3", channels);
    size_t size = (size_t)width * (size_t)height * (size_t)channels;
    if (size > image->capacity && !grow(image, size, error))
        return false;
    image->width = width;
    image->height = height;
    image->channels = channels;
    image->stride = width * channels;
    return true;
}

void image_mirror(struct image *image)
{
    const int channels = image->channels;
    for (int y = 0; y < image->height; y++) {
        uint8_t *left = image->data + (ptrdiff_t)y * image->stride;
        uint8_t *right = left + (ptrdiff_t)(image->width - 1) * channels;
        for (; left < right; left += channels, right -= channels)
            for (int i = 0; i < channels; i++) {
                const uint8_t byte = left[i];
                left[i] = right[i];
                right[i] = byte;
            }
    }
}
