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

void layout_clear_border(const struct place *place, const struct border *border)
{
    const struct view *v = &place->view;
    const size_t left = (size_t)border->left * (size_t)place->lanes * sizeof(float);
    const size_t right = (size_t)border->right * (size_t)place->lanes * sizeof(float);
    const size_t whole = left + (size_t)v->width * (size_t)place->lanes * sizeof(float) + right;
    for (int block = 0; block < v->blocks; block++) {
        float *first = v->data + block * v->block - (ptrdiff_t)border->left * place->lanes;
        for (int y = -border->top; y < v->height + border->bottom; y++) {
            float *row = first + y * v->row;
            if (y < 0 || y >= v->height) {
                memset(row, 0, whole);
                continue;
            }
            memset(row, 0, left);
            memset(row + (border->left + v->width) * (ptrdiff_t)place->lanes, 0, right);
        }
    }
}
