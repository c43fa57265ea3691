#include "daemon/placeholder.h"

#include "daemon/ascii.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 512, BACKGROUND = 32, DEFAULT_WIDTH = 640, DEFAULT_HEIGHT = 480 };

/* Sizes in a 640x480 picture; they grow with the picture as the label does (daemon/annotate.h). */
static const double margin = 40, line_height = 48;

struct paragraph {
    const char *text;
    double scale, thickness;
    uint8_t grey;
    double lines_before; /* distance from the paragraph above, in lines */
};

/* The picture and how far down it was written. */
struct page {
    struct image *bgr;
    double factor;
    double y; /* base line of the last line */
};

static bool fits(const struct page *page, const char *text, size_t length,
                 const struct text_style *style)
{
    char prefix[TEXT_MAX];
    int width = 0, height, baseline;
    snprintf(prefix, sizeof prefix, "%.*s", (int)length, text);
    return vision_text_size(prefix, style, &width, &height, &baseline, NULL) &&
           width + 2 * margin * page->factor <= page->bgr->width;
}

/* Bytes of the first line of a text: as many whole words as fit; of a word that is too long alone
 * (a device's path), as many letters. At least 1. */
static size_t line_length(const struct page *page, const char *text, const struct text_style *style)
{
    size_t letters = 1, words = 0;
    while (text[letters] && fits(page, text, letters + 1, style)) {
        if (text[letters] == ' ')
            words = letters;
        letters++;
    }
    bool ends_here = text[letters] == 0 || text[letters] == ' ';
    return ends_here || words == 0 ? letters : words;
}

static bool write_line(struct page *page, const char *text, size_t length,
                       const struct text_style *style, struct error *error)
{
    char line[TEXT_MAX];
    snprintf(line, sizeof line, "%.*s", (int)length, text);
    page->y += line_height * style->scale;
    return vision_put_text(page->bgr, line, (int)lround(margin * page->factor),
                           (int)lround(page->y), style, error);
}

static bool write_paragraph(struct page *page, const struct paragraph *paragraph,
                            struct error *error)
{
    char text[TEXT_MAX];
    struct text_style style = {
        .scale = paragraph->scale * page->factor,
        .thickness = (int)fmax(1, round(paragraph->thickness * page->factor)),
        .bgr = {paragraph->grey, paragraph->grey, paragraph->grey},
    };
    ascii_from_utf8(paragraph->text, text, sizeof text);
    page->y += paragraph->lines_before * line_height * style.scale;
    const char *at = text;
    while (*at && page->y < page->bgr->height) {
        size_t length = line_length(page, at, &style);
        if (!write_line(page, at, length, &style, error))
            return false;
        at += length;
        at += strspn(at, " ");
    }
    return true;
}

bool placeholder_draw(int width, int height, const char *source, const char *why, struct image *bgr,
                      struct error *error)
{
    if (width < 1 || height < 1) {
        width = DEFAULT_WIDTH;
        height = DEFAULT_HEIGHT;
    }
    if (!image_reserve(bgr, width, height, 3, error))
        return false;
    memset(bgr->data, BACKGROUND, (size_t)bgr->stride * (size_t)bgr->height);
    const struct paragraph paragraphs[] = {
        {"no signal", 2, 3, 235, 0.25},
        {why, 1, 2, 200, 0.5},
        {source, 0.8, 1, 140, 1},
    };
    struct page page = {bgr, fmin((double)width / DEFAULT_WIDTH, (double)height / DEFAULT_HEIGHT),
                        0};
    for (size_t i = 0; i < sizeof paragraphs / sizeof *paragraphs; i++)
        if (!write_paragraph(&page, &paragraphs[i], error))
            return false;
    return true;
}
