/*
 * check.h, the part of the Check framework that tests/nn uses, for the aarch64 build under qemu
 * (make check-neon), where no library of another architecture is to be installed. Tests run one
 * after the other in one process; the first failed assertion ends it.
 */
#ifndef PAWCAM_TESTS_NEON_CHECK_H
#define PAWCAM_TESTS_NEON_CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    void (*run)(void);
} TTest;

typedef const char Suite;
typedef void TCase;
typedef void SRunner;

enum { CK_ENV };

#define START_TEST(test)                                                                           \
    static void test##_run(void);                                                                  \
    static const TTest test##_test = {#test, test##_run}, *const test = &test##_test;              \
    static void test##_run(void)
#define END_TEST

static inline Suite *suite_create(const char *name)
{
    return name;
}

static inline TCase *tcase_create(const char *name)
{
    return (void *)(uintptr_t)name;
}

static inline void tcase_set_timeout(TCase *cases, double timeout_s)
{
    (void)cases, (void)timeout_s;
}

static inline void tcase_add_test(TCase *cases, const TTest *test)
{
    (void)cases;
    printf("%s\n", test->name);
    test->run();
}

static inline void suite_add_tcase(Suite *suite, TCase *cases)
{
    (void)suite, (void)cases;
}

static inline SRunner *srunner_create(Suite *suite)
{
    return (void *)(uintptr_t)suite;
}

static inline void srunner_run_all(SRunner *runner, int mode)
{
    (void)runner, (void)mode;
}

static inline int srunner_ntests_failed(SRunner *runner)
{
    (void)runner;
    return 0; /* a failure has ended the program */
}

static inline void srunner_free(SRunner *runner)
{
    (void)runner;
}

#define ck_abort_msg(...)                                                                          \
    do {                                                                                           \
        printf("%s:%d: ", __FILE__, __LINE__);                                                     \
        printf(__VA_ARGS__);                                                                       \
        printf("\n");                                                                              \
        exit(EXIT_FAILURE);                                                                        \
    } while (0)
#define ck_assert_msg(condition, ...)                                                              \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)
#define ck_assert(condition)                    ck_assert_msg(condition, "%s", #condition)
#define ck_assert_int_eq(a, b)                  ck_assert((a) == (b))
#define ck_assert_uint_eq(a, b)                 ck_assert((a) == (b))
#define ck_assert_str_eq(a, b)                  ck_assert(strcmp(a, b) == 0)
#define ck_assert_int_gt(a, b)                  ck_assert((a) > (b))
#define ck_assert_int_ge(a, b)                  ck_assert((a) >= (b))
#define ck_assert_int_le(a, b)                  ck_assert((a) <= (b))
#define ck_assert_int_lt(a, b)                  ck_assert((a) < (b))
#define ck_assert_ptr_nonnull(a)                ck_assert((a) != NULL)
#define ck_assert_ptr_null(a)                   ck_assert((a) == NULL)
#define ck_assert_float_le(a, b)                ck_assert((a) <= (b))
#define ck_assert_float_eq_tol(a, b, tolerance) ck_assert(fabsf((a) - (b)) <= (tolerance))
#define ck_assert_mem_eq(a, b, count)           ck_assert(memcmp(a, b, count) == 0)

#endif
