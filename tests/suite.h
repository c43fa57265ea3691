/* suite: the main of a Check program. List the test functions; TEST_MAIN does the rest. */
#ifndef PAWCAM_TESTS_SUITE_H
#define PAWCAM_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Exit status of a program that cannot run its tests here; it prints why first. */
enum { TEST_SKIPPED = 77 };

static inline int suite_run(const char *name, const TTest *const *tests, size_t count,
                            double timeout_s)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    tcase_set_timeout(cases, timeout_s);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* TEST_MAIN(slot, put_replaces, take_times_out): names given to START_TEST. */
#define TEST_MAIN(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return suite_run(#name, tests, sizeof tests / sizeof *tests, 120);                         \
    }

#endif
