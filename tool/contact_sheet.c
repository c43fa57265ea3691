#include "tool/contact_sheet.h"

#include "common/atomic_file.h"
#include "common/text.h"
#include "vision/jpeg.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, TILE = 160, CAPTION = 22, GAP = 8, QUALITY = 90 };

static const struct text_style style = {.scale = 0.42, .thickness = 1, .bgr = {230, 230, 230}};

static bool to_bgr(const struct picture_view *picture, struct image *bgr, struct error *error)
{
    const uint8_t *pixels = picture->pixels;
    if (!image_reserve(bgr, picture->width, picture->height, 3, error))
        return false;
    for (int i = 0; i < picture->width * picture->height; i++)
        for (int c = 0; c < 3; c++)
            bgr->data[3 * i + c] = picture->channels == 3 ? pixels[3 * i + 2 - c] : pixels[i];
    return true;
}

static void paste(const struct image *tile, int left, int top, struct image *sheet)
{
    for (int y = 0; y < tile->height; y++)
        memcpy(sheet->data + (size_t)(top + y) * (size_t)sheet->stride + 3 * (size_t)left,
               tile->data + (size_t)y * (size_t)tile->stride, 3 * (size_t)tile->width);
}

bool contact_sheet_check(const char *option, const char *path, struct error *error)
{
    if (!text_ends_with(path, ".jpg") && !text_ends_with(path, ".jpeg"))
        return error_set_usage(error, "--%s %s: name a file .jpg, which it will be", option, path);
    return atomic_file_check(path, error);
}

bool contact_sheet_begin(struct image *sheet, int count, struct error *error)
{
    const int rows = (count + COLUMNS - 1) / COLUMNS;
    *sheet = (struct image){0};
    if (!image_reserve(sheet, COLUMNS * (TILE + GAP) + GAP, rows * (TILE + CAPTION + GAP) + GAP, 3,
                       error))
        return false;
    memset(sheet->data, 32, (size_t)sheet->stride * (size_t)sheet->height);
    return true;
}

bool contact_sheet_add(struct image *sheet, int index, const struct picture_view *picture,
                       const char *caption, struct error *error)
{
    const int left = GAP + index % COLUMNS * (TILE + GAP);
    const int top = GAP + index / COLUMNS * (TILE + CAPTION + GAP);
    struct image whole = {0}, tile = {0};
    bool good = to_bgr(picture, &whole, error) && vision_resize(&whole, TILE, TILE, &tile, error);
    if (good) {
        paste(&tile, left, top, sheet);
        good = vision_put_text(sheet, caption, left, top + TILE + CAPTION - 8, &style, error);
    }
    image_free(&whole);
    image_free(&tile);
    return good;
}

bool contact_sheet_save(const struct image *sheet, const char *path, struct error *error)
{
    struct atomic_file file;
    uint8_t *jpeg = NULL;
    size_t size;
    bool good =
        jpeg_encode(sheet, QUALITY, &jpeg, &size, error) && atomic_file_open(&file, path, error);
    if (good) {
        fwrite(jpeg, 1, size, file.stream);
        good = atomic_file_commit(&file, error);
    }
    free(jpeg);
    return good;
}

static bool add_worst(struct image *sheet, int place, const struct worst *worst,
                      const struct dataset *data, struct error *error)
{
    const struct picture_view picture = {dataset_picture(data, worst->index), data->height,
                                         data->width, data->channels};
    char caption[64];
    snprintf(caption, sizeof caption, "%.12s, not %.12s",
             data->class_names[data->labels[worst->index]], data->class_names[worst->decided]);
    return contact_sheet_add(sheet, place, &picture, caption, error);
}

bool contact_sheet_write(const struct metrics *metrics, const struct dataset *data,
                         const char *path, struct error *error)
{
    struct image sheet;
    bool good = contact_sheet_begin(&sheet, metrics->worst_count, error);
    for (int i = 0; good && i < metrics->worst_count; i++)
        good = add_worst(&sheet, i, &metrics->worst[i], data, error);
    good = good && contact_sheet_save(&sheet, path, error);
    image_free(&sheet);
    return good;
}
