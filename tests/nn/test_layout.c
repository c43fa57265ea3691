/* Copies between plain and blocked tensors: each value in its place, and nothing left in the lanes
 * behind the last channel. */
#include "nn/layout.h"
#include "tests/suite.h"

#include <math.h>

enum { HEIGHT = 2, WIDTH = 3, LANES = 4, BLOCKS = 3 };

/* A blocked tensor over memory for BLOCKS blocks. */
static struct place blocked(float *memory, int channels)
{
    const int row = WIDTH * LANES;
    return (struct place){
        .view = {memory, row, row * HEIGHT, (channels + LANES - 1) / LANES, HEIGHT, WIDTH},
        .lanes = LANES,
        .channels = channels};
}

static struct place plain(float *memory, int channels)
{
    const int row = WIDTH * channels;
    return (struct place){.view = {memory, row, row * HEIGHT, 1, HEIGHT, WIDTH},
                          .lanes = channels,
                          .channels = channels};
}

static float at(const struct place *place, int channel, int y, int x)
{
    const struct view *v = &place->view;
    return v->data[channel / place->lanes * v->block + y * v->row + x * place->lanes +
                   channel % place->lanes];
}

static void check_spare(const struct place *place)
{
    for (int channel = place->channels; channel < place->view.blocks * LANES; channel++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                ck_assert_msg(at(place, channel, y, x) == 0, "channel %d of (%d, %d) is %g",
                              channel, y, x, (double)at(place, channel, y, x));
}

START_TEST(lanes_behind_the_last_channel_are_cleared)
{
    float from[2][HEIGHT * WIDTH * 5], memory[BLOCKS * HEIGHT * WIDTH * LANES];
    for (int i = 0; i < HEIGHT * WIDTH * 5; i++) {
        from[0][i] = (float)(1 + i);
        from[1][i] = (float)(101 + i);
    }
    for (int i = 0; i < BLOCKS * HEIGHT * WIDTH * LANES; i++)
        memory[i] = NAN; /* as old bytes look, read as floats */
    const struct place parts[] = {plain(from[0], 4), plain(from[1], 5)};
    struct transfer copy = {.to = blocked(memory, 9), .repeat = 1};
    for (int part = 0; part < 2; part++) {
        copy.from = parts[part];
        layout_copy(&copy);
        copy.first += copy.from.channels;
    }
    for (int channel = 0; channel < 9; channel++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                ck_assert(at(&copy.to, channel, y, x) ==
                          at(&parts[channel / 4 > 0], channel < 4 ? channel : channel - 4, y, x));
    check_spare(&copy.to);
}
END_TEST

/* A depth multiplier's repetition: channel i comes from channel i / 3. */
START_TEST(repeated_channels_leave_nothing_behind_them)
{
    float from[HEIGHT * WIDTH * 3], memory[BLOCKS * HEIGHT * WIDTH * LANES];
    for (int i = 0; i < HEIGHT * WIDTH * 3; i++)
        from[i] = (float)i;
    for (int i = 0; i < BLOCKS * HEIGHT * WIDTH * LANES; i++)
        memory[i] = NAN;
    const struct transfer copy = {.from = plain(from, 3), .to = blocked(memory, 9), .repeat = 3};
    layout_copy(&copy);
    for (int channel = 0; channel < 9; channel++)
        ck_assert(at(&copy.to, channel, 1, 2) == at(&copy.from, channel / 3, 1, 2));
    check_spare(&copy.to);
}
END_TEST

TEST_MAIN(layout, lanes_behind_the_last_channel_are_cleared,
          repeated_channels_leave_nothing_behind_them)
