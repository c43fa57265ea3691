#include "nn/kernels.h"
#include "nn/memory.h"
#include "tests/suite.h"

#include <stdint.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

/* Odd sizes, small and large, one above a piece (16 MiB). */
static const size_t sizes[] = {1, 5, 100000, 0, 600000, 5000000, 3, 4200000, 17};
enum { ARRAYS = sizeof sizes / sizeof *sizes };

static bool all_are(const float *values, size_t count, float wanted)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] != wanted)
            return false;
    return true;
}

START_TEST(arrays_of_a_pool_are_zero_aligned_and_apart)
{
    struct memory_pool pool = {0};
    float *arrays[ARRAYS];
    for (int i = 0; i < ARRAYS; i++) {
        arrays[i] = memory_pool_allocate(&pool, sizes[i]);
        ck_assert_ptr_nonnull(arrays[i]);
        ck_assert_uint_eq((uintptr_t)arrays[i] % KERNEL_ALIGNMENT, 0);
        ck_assert(all_are(arrays[i], sizes[i], 0));
        for (size_t k = 0; k < sizes[i]; k++)
            arrays[i][k] = (float)(i + 1);
    }
    for (int i = 0; i < ARRAYS; i++)
        ck_assert_msg(all_are(arrays[i], sizes[i], (float)(i + 1)), "array %d", i);
    memory_pool_free(&pool);
}
END_TEST

START_TEST(a_freed_pool_is_empty_and_gives_zeros_again)
{
    struct memory_pool pool = {0};
    memory_pool_free(&pool);
    for (int round = 0; round < 3; round++) {
        float *values = memory_pool_allocate(&pool, 1000);
        ck_assert(all_are(values, 1000, 0));
        memset(values, 1, 1000 * sizeof *values);
        memory_pool_free(&pool);
        ck_assert_ptr_null(pool.pieces);
    }
}
END_TEST

/* What lies behind an array belongs to nobody; without ASan nobody can tell. */
START_TEST(asan_sees_the_end_of_an_array)
{
#ifdef __SANITIZE_ADDRESS__
    struct memory_pool pool = {0};
    float *values = memory_pool_allocate(&pool, 64);
    memory_pool_allocate(&pool, 64);
    ck_assert(!__asan_address_is_poisoned(values + 63));
    ck_assert(__asan_address_is_poisoned(values + 64));
    memory_pool_free(&pool);
#endif
}
END_TEST

TEST_MAIN(memory, arrays_of_a_pool_are_zero_aligned_and_apart,
          a_freed_pool_is_empty_and_gives_zeros_again, asan_sees_the_end_of_an_array)
