#include "nn/layout.h"

#include <string.h>

static float *channel_at(const struct place *place, int channel, int y, int x)
{
    const struct view *v = &place->view;
    return v->data + channel / place->lanes * v->block + y * v->row + (ptrdiff_t)x * place->lanes +
           channel % place->lanes;
}

/* Both sides keep the same channels side by side: row by row. */
static bool copies_whole_blocks(const struct transfer *t)
{
    return t->from.lanes == t->to.lanes && t->repeat == 1 && t->first % t->to.lanes == 0;
}

static void copy_blocks(const struct transfer *t)
{
    const struct view *from = &t->from.view;
    for (int block = 0; block < from->blocks; block++)
        for (int y = 0; y < from->height; y++)
            memcpy(channel_at(&t->to, t->first + block * t->to.lanes, t->top + y, t->left),
                   from->data + block * from->block + y * from->row,
                   (size_t)from->width * (size_t)t->from.lanes * sizeof(float));
}

static void copy_channel(const struct transfer *t, int channel)
{
    const struct view *from = &t->from.view;
    for (int y = 0; y < from->height; y++) {
        float *to = channel_at(&t->to, t->first + channel, t->top + y, t->left);
        const float *values = channel_at(&t->from, channel / t->repeat, y, 0);
        for (int x = 0; x < from->width; x++)
            to[(ptrdiff_t)x * t->to.lanes] = values[(ptrdiff_t)x * t->from.lanes];
    }
}

static void clear(float *from, const float *to)
{
    memset(from, 0, (size_t)(to - from) * sizeof *from);
}

void layout_clear_spare(const struct place *place)
{
    const struct view *v = &place->view;
    const int used = place->channels % place->lanes;
    if (used == 0)
        return;
    for (int y = 0; y < v->height; y++) {
        float *spare = channel_at(place, place->channels - 1, y, 0) + 1;
        for (int x = 0; x < v->width; x++, spare += place->lanes)
            memset(spare, 0, (size_t)(place->lanes - used) * sizeof *spare);
    }
}

/* The pixels that the transfer writes, all channels. */
static struct place written(const struct transfer *t)
{
    struct place place = t->to;
    place.view.data = channel_at(&t->to, 0, t->top, t->left);
    place.view.height = t->from.view.height;
    place.view.width = t->from.view.width;
    return place;
}

void layout_copy(const struct transfer *t)
{
    const int channels = t->from.channels * t->repeat;
    if (copies_whole_blocks(t)) {
        copy_blocks(t);
        return;
    }
    for (int channel = 0; channel < channels; channel++)
        copy_channel(t, channel);
    if (t->first + channels == t->to.channels) {
        const struct place place = written(t);
        layout_clear_spare(&place);
    }
}

/* In memory, a row's right border and the next one's left border are one gap. */
void layout_clear_border(const struct place *place, const struct border *border)
{
    const struct view *v = &place->view;
    const ptrdiff_t left = (ptrdiff_t)border->left * place->lanes;
    const ptrdiff_t right = (ptrdiff_t)border->right * place->lanes;
    const ptrdiff_t width = (ptrdiff_t)v->width * place->lanes;
    for (int block = 0; block < v->blocks; block++) {
        float *first = v->data + block * v->block;
        float *last = first + (v->height - 1) * v->row + width;
        clear(first - border->top * v->row - left, first);
        for (float *end = first + width; end < last; end += v->row)
            clear(end, end + v->row - width);
        clear(last, last + border->bottom * v->row + right);
    }
}
