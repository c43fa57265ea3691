/* Half floats (IEEE 754 binary16) as weights are packed into them. */
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

TEST_MAIN(pack, every_half_float_is_kept, others_become_the_nearest, what_is_too_large_stays_finite)
