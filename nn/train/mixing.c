#include "nn/train/mixing.h"

#include <math.h>
#include <stddef.h>

static ptrdiff_t values_of(const struct mixing *batch)
{
    return (ptrdiff_t)batch->height * batch->width * batch->channels;
}

static void mix(float *a, const float *b, ptrdiff_t count, float share)
{
    for (ptrdiff_t i = 0; i < count; i++)
        a[i] = share * a[i] + (1 - share) * b[i];
}

/* Picture i with picture i + n / 2, and the later with the new earlier ones. */
static void mix_up(const struct augment_settings *settings, const struct mixing *batch,
                   struct random *random)
{
    const ptrdiff_t values = values_of(batch), targets = batch->targets;
    for (int a = 0; a < batch->n; a++) {
        const int b = (a + batch->n / 2) % batch->n;
        float share = (float)augment_mixup_share(settings->mixup, random);
        share = share < 0.5F ? 1 - share : share; /* it stays mostly itself */
        mix(batch->x + a * values, batch->x + b * values, values, share);
        mix(batch->y + a * targets, batch->y + b * targets, targets, share);
    }
}

struct part {
    int top, left, rows, columns;
};

/* Of the picture's form, with this share of its area. */
static struct part draw_part(const struct mixing *batch, double area, struct random *random)
{
    struct part part = {.rows = (int)lround(sqrt(area) * batch->height),
                        .columns = (int)lround(sqrt(area) * batch->width)};
    part.top = (int)random_below(random, (uint64_t)(batch->height - part.rows) + 1);
    part.left = (int)random_below(random, (uint64_t)(batch->width - part.columns) + 1);
    return part;
}

static void swap(float *a, float *b, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        const float value = a[i];
        a[i] = b[i];
        b[i] = value;
    }
}

/* Two pictures exchange a part, so that both are of the same two. */
static void exchange(const struct mixing *batch, int a, int b, const struct part *part)
{
    const ptrdiff_t row = (ptrdiff_t)batch->width * batch->channels, values = values_of(batch);
    for (int y = part->top; y < part->top + part->rows; y++) {
        const ptrdiff_t at = y * row + (ptrdiff_t)part->left * batch->channels;
        swap(batch->x + a * values + at, batch->x + b * values + at,
             (ptrdiff_t)part->columns * batch->channels);
    }
    const float share =
        1 - (float)part->rows * (float)part->columns / ((float)batch->height * (float)batch->width);
    float *p = batch->y + (ptrdiff_t)a * batch->targets,
          *q = batch->y + (ptrdiff_t)b * batch->targets;
    for (int i = 0; i < batch->targets; i++) {
        const float first = p[i], second = q[i];
        p[i] = share * first + (1 - share) * second;
        q[i] = share * second + (1 - share) * first;
    }
}

static void cut_mix(const struct augment_settings *settings, const struct mixing *batch,
                    struct random *random)
{
    for (int i = 0; i < batch->n / 2; i++) {
        const double share = augment_mixup_share(settings->cutmix, random);
        const struct part part = draw_part(batch, fmin(share, 1 - share), random);
        exchange(batch, i, i + batch->n / 2, &part);
    }
}

void mixing_apply(const struct augment_settings *settings, const struct mixing *batch,
                  struct random *random)
{
    if (batch->n < 2)
        return;
    if (settings->mixup > 0 && random_uniform(random) < settings->mixup_share)
        mix_up(settings, batch, random);
    else if (settings->cutmix > 0 && random_uniform(random) < settings->cutmix_share)
        cut_mix(settings, batch, random);
}
