#include "daemon/annotate.h"

#include "daemon/ascii.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 256 };

static const double design_width = 640, design_height = 480;

struct annotator {
    struct label_template *template;
    double x, y;
    struct text_style style;
};

/* Where and how a text stands in one picture. */
struct placement {
    int x, y;
    struct text_style style;
};

bool annotate_template_check(const char *text, struct error *error)
{
    struct label_template *template = label_template_create(text, error);
    label_template_destroy(template);
    return template != NULL;
}

static bool parse_colour(const char *text, uint8_t bgr[3], struct error *error)
{
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        char *end;
        long value = strtol(at, &end, 10);
        if (end == at || value < 0 || value > 255 || *end != (i < 2 ? ',' : 0))
            return error_set_usage(error,
                                   "label colour \"%s\": expected blue,green,red with numbers from "
                                   "0 to 255, such as 0,255,0",
                                   text);
        bgr[i] = (uint8_t)value;
        at = end + 1;
    }
    return true;
}

bool annotate_colour_check(const char *colour, struct error *error)
{
    uint8_t bgr[3];
    return parse_colour(colour, bgr, error);
}

struct annotator *annotate_create(const struct annotate_settings *settings, struct error *error)
{
    struct annotator *annotator = calloc(1, sizeof *annotator);
    if (!annotator) {
        error_set(error, "out of memory for the label");
        return NULL;
    }
    annotator->x = settings->x;
    annotator->y = settings->y;
    annotator->style = (struct text_style){settings->scale, settings->thickness, {0}};
    annotator->template = label_template_create(settings->text, error);
    if (annotator->template && parse_colour(settings->colour, annotator->style.bgr, error))
        return annotator;
    annotate_destroy(annotator);
    return NULL;
}

static int clamp(double value, int low, int high)
{
    /* `low` wins: the beginning of a text that does not fit is worth more than its end. */
    return (int)lround(fmax(low, fmin(value, high)));
}

/* Makes the style smaller until the text fits into the picture, and measures it. */
static bool fit(const char *text, const struct image *bgr, struct text_style *style, int *width,
                int *height, int *baseline, struct error *error)
{
    if (!vision_text_size(text, style, width, height, baseline, error))
        return false;
    double shrink = fmin((double)bgr->width / *width, (double)bgr->height / (*height + *baseline));
    if (shrink >= 1)
        return true;
    style->scale *= shrink;
    return vision_text_size(text, style, width, height, baseline, error);
}

static bool place(const struct annotator *annotator, const char *text, const struct image *bgr,
                  struct placement *placement, struct error *error)
{
    double factor = fmin(bgr->width / design_width, bgr->height / design_height);
    int width, height, baseline;
    struct text_style *style = &placement->style;
    *style = annotator->style;
    style->scale *= factor;
    style->thickness = (int)fmax(1, round(style->thickness * factor));
    if (!fit(text, bgr, style, &width, &height, &baseline, error))
        return false;
    placement->x = clamp(annotator->x * factor, 0, bgr->width - width);
    placement->y = clamp(annotator->y * factor, height, bgr->height - baseline);
    return true;
}

bool annotate_frame(const struct annotator *annotator, const struct label_values *values,
                    struct image *bgr, struct error *error)
{
    char utf8[TEXT_MAX], text[TEXT_MAX];
    struct placement placement;
    label_template_expand(annotator->template, values, utf8, sizeof utf8);
    ascii_from_utf8(utf8, text, sizeof text);
    return place(annotator, text, bgr, &placement, error) &&
           vision_put_text(bgr, text, placement.x, placement.y, &placement.style, error);
}

void annotate_destroy(struct annotator *annotator)
{
    if (annotator)
        label_template_destroy(annotator->template);
    free(annotator);
}
