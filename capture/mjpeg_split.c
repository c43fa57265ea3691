#include "capture/mjpeg_split.h"

#include <string.h>

/* Moves start to the next SOI marker with a marker behind it. Without one only what could be the
 * beginning of one is kept. */
static bool find_picture(struct mjpeg_split *split, const uint8_t *data, size_t size)
{
    static const uint8_t soi[] = {0xFF, 0xD8, 0xFF};
    const uint8_t *found = memmem(data + split->start, size - split->start, soi, sizeof soi);

    if (found)
        split->start = (size_t)(found - data);
    else if (size - split->start >= sizeof soi)
        split->start = size - (sizeof soi - 1);
    split->inside = found != NULL;
    split->scan = (struct jpeg_scan){0};
    return split->inside;
}

static void skip_damaged(struct mjpeg_split *split)
{
    /* Coded data has no SOI in it, so the next one there is the next picture's. Headers are passed
     * over: a thumbnail in them would be taken for a picture. */
    split->start += split->scan.coded_from ? split->scan.coded_from : split->scan.position;
    split->inside = false;
    split->bad++;
}

bool mjpeg_split_next(struct mjpeg_split *split, const uint8_t *data, size_t size,
                      struct mjpeg_picture *picture)
{
    while (split->inside || find_picture(split, data, size)) {
        const uint8_t *begin = data + split->start;
        enum jpeg_scan_status status = jpeg_scan(&split->scan, begin, size - split->start);
        if (status == JPEG_SCAN_PARTIAL)
            return false;
        if (status == JPEG_SCAN_BAD) {
            skip_damaged(split);
            continue;
        }
        *picture = (struct mjpeg_picture){.data = begin,
                                          .size = split->scan.position,
                                          .width = split->scan.width,
                                          .height = split->scan.height};
        split->start += picture->size;
        split->inside = false;
        return true;
    }
    return false;
}

void mjpeg_split_give_up(struct mjpeg_split *split, size_t size)
{
    split->start = size;
    split->inside = false;
    split->bad++;
}
