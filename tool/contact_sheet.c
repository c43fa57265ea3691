#include "tool/contact_sheet.h"

#include "nn/train/atomic_file.h"
#include "vision/jpeg.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, TILE = 160, CAPTION = 22, GAP = 8, QUALITY = 90 };

static const struct text_style style = {.scale = 0.42, .thickness = 1, .bgr = {230, 230, 230}};

/* A dataset's picture as BGR. */
static bool view_picture(const struct dataset *data, int index, struct image *bgr,
                         struct error *error)
{
    const uint8_t *pixels = dataset_picture(data, index);
    if (!image_reserve(bgr, data->width, data->height, 3, error))
        return false;
    for (int i = 0; i < data->width * data->height; i++)
        for (int c = 0; c < 3; c++)
            bgr->data[3 * i + c] = data->channels == 3 ? pixels[3 * i + 2 - c] : pixels[i];
    return true;
}

static void paste(const struct image *tile, int left, int top, struct image *sheet)
{
    for (int y = 0; y < tile->height; y++)
        memcpy(sheet->data + (size_t)(top + y) * (size_t)sheet->stride + 3 * (size_t)left,
               tile->data + (size_t)y * (size_t)tile->stride, 3 * (size_t)tile->width);
}

static bool draw_tile(const struct dataset *data, const struct worst *worst, int left, int top,
                      struct image *sheet, struct error *error)
{
    struct image picture = {0}, tile = {0};
    char caption[64];
    snprintf(caption, sizeof caption, "%.12s, not %.12s",
             data->class_names[data->labels[worst->index]], data->class_names[worst->decided]);
    bool good = view_picture(data, worst->index, &picture, error) &&
                vision_resize(&picture, TILE, TILE, &tile, error);
    if (good) {
        paste(&tile, left, top, sheet);
        good = vision_put_text(sheet, caption, left, top + TILE + CAPTION - 8, &style, error);
    }
    image_free(&picture);
    image_free(&tile);
    return good;
}

static bool draw_sheet(const struct metrics *metrics, const struct dataset *data,
                       struct image *sheet, struct error *error)
{
    int rows = (metrics->worst_count + COLUMNS - 1) / COLUMNS;
    bool good = image_reserve(sheet, COLUMNS * (TILE + GAP) + GAP,
                              rows * (TILE + CAPTION + GAP) + GAP, 3, error);
    if (good)
        memset(sheet->data, 32, (size_t)sheet->stride * (size_t)sheet->height);
    for (int i = 0; good && i < metrics->worst_count; i++)
        good = draw_tile(data, &metrics->worst[i], GAP + i % COLUMNS * (TILE + GAP),
                         GAP + i / COLUMNS * (TILE + CAPTION + GAP), sheet, error);
    return good;
}

bool contact_sheet_write(const struct metrics *metrics, const struct dataset *data,
                         const char *path, struct error *error)
{
    struct image sheet = {0};
    struct atomic_file file;
    uint8_t *jpeg = NULL;
    size_t size;
    if (metrics->worst_count == 0)
        return error_set(error, "%s: not written: no picture was decided wrongly", path);
    bool good = draw_sheet(metrics, data, &sheet, error) &&
                jpeg_encode(&sheet, QUALITY, &jpeg, &size, error) &&
                atomic_file_open(&file, path, error);
    if (good) {
        fwrite(jpeg, 1, size, file.stream);
        good = atomic_file_commit(&file, error);
    }
    free(jpeg);
    image_free(&sheet);
    return good;
}
