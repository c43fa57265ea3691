/* Groups of output channels, and half floats (IEEE 754 binary16), as weights are packed into them.
 */
#include "nn/kernels.h"
#include "nn/pack.h"
#include "tests/suite.h"

#include <math.h>

static uint16_t half(float value)
{
    uint16_t packed;
    pack_halves(&value, 1, &packed);
    return packed;
}

static float value_of(uint16_t half)
{
    const int exponent = half >> 10 & 31, mantissa = half & 1023;
    const float size = exponent > 0 ? ldexpf((float)(1024 + mantissa), exponent - 25)
                                    : ldexpf((float)mantissa, -24);
    return half & 0x8000 ? -size : size;
}

START_TEST(every_half_float_is_kept)
{
    for (int bits = 0; bits < 0x7c00; bits++) {
        ck_assert_int_eq(half(value_of((uint16_t)bits)), bits);
        ck_assert_int_eq(half(value_of((uint16_t)(bits | 0x8000))), bits | 0x8000);
    }
}
END_TEST

/* Of two equally near ones the even one. */
START_TEST(others_become_the_nearest)
{
    for (int bits = 0; bits < 0x7bff; bits++) {
        const float low = value_of((uint16_t)bits), high = value_of((uint16_t)(bits + 1));
        const float middle = (low + high) / 2;
        ck_assert_int_eq(half(middle), bits + bits % 2);
        ck_assert_int_eq(half(nextafterf(middle, 0)), bits);
        ck_assert_int_eq(half(-nextafterf(middle, INFINITY)), (bits + 1) | 0x8000);
    }
}
END_TEST

START_TEST(what_is_too_large_stays_finite)
{
    ck_assert_int_eq(half(65504), 0x7bff);
    ck_assert_int_eq(half(65519), 0x7bff);
    ck_assert_int_eq(half(65520), 0x7bff);
    ck_assert_int_eq(half(3e38F), 0x7bff);
    ck_assert_int_eq(half(-3e38F), 0xfbff);
}
END_TEST

/* A kernel [tap][in][out] of one input channel whose weights are numbered. */
enum { TAPS = 2, OUT = 18, LANES = 4 }; /* five vectors, the last one half full */

static void check_packed(int vectors, int narrow, const int firsts[], const int widths[])
{
    float kernel[TAPS * OUT], packed[2 * TAPS * OUT];
    const struct pack pack = {.kernel = kernel,
                              .taps = TAPS,
                              .in = 1,
                              .out = OUT,
                              .lanes = LANES,
                              .vectors = vectors,
                              .narrow = narrow};
    for (int i = 0; i < TAPS * OUT; i++)
        kernel[i] = (float)(i + 1);
    const float *at = packed;
    pack_conv(&pack, packed);
    for (int group = 0; widths[group] > 0; group++)
        for (int tap = 0; tap < TAPS; tap++)
            for (int i = 0; i < widths[group]; i++) {
                const int o = firsts[group] + i;
                ck_assert_float_eq(*at++, o < OUT ? kernel[tap * OUT + o] : 0);
            }
    ck_assert_uint_eq(pack_conv_count(&pack), (size_t)(at - packed));
}

START_TEST(groups_overlap_or_are_narrower)
{
    check_packed(1, 0, (int[]){0, 4, 8, 12, 16}, (int[]){4, 4, 4, 4, 4, 0});
    check_packed(3, 0, (int[]){0, 8}, (int[]){12, 12, 0});
    check_packed(3, 1, (int[]){0, 12}, (int[]){12, 8, 0});
    check_packed(2, 1, (int[]){0, 8, 16}, (int[]){8, 8, 4, 0});
}
END_TEST

/* Of tiles with three vectors and with two. */
START_TEST(narrow_groups_make_up_what_is_missing)
{
    const struct conv_kernel table[] = {
        {.rows = 1, .columns = 4, .vectors = 3}, {.rows = 1, .columns = 4, .vectors = 2}, {0}};
    const int narrow[] = {[3] = 0, [4] = 2, [5] = 1, [6] = 0, [16] = 2, [32] = 1};
    ck_assert_ptr_eq(conv_narrower(&table[0]), &table[1]);
    ck_assert_ptr_null(conv_narrower(&table[1]));
    for (int blocks = 3; blocks <= 6; blocks++)
        ck_assert_int_eq(conv_narrow_groups(table, blocks), narrow[blocks]);
    ck_assert_int_eq(conv_narrow_groups(table, 16), narrow[16]);
    ck_assert_int_eq(conv_narrow_groups(table, 32), narrow[32]);
    ck_assert_int_eq(conv_narrow_groups(table + 1, 5), 0);
}
END_TEST

TEST_MAIN(pack, groups_overlap_or_are_narrower, narrow_groups_make_up_what_is_missing,
          every_half_float_is_kept, others_become_the_nearest, what_is_too_large_stays_finite)
