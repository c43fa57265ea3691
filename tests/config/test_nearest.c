#include "config/nearest.h"

#include "tests/suite.h"

#include <string.h>

static const char *nearest_of(const char *word)
{
    static struct nearest nearest;
    static const char *const candidates[] = {"port", "listen", "jpeg-quality", "max-clients",
                                             "fps"};
    nearest_init(&nearest, word);
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        nearest_offer(&nearest, candidates[i]);
    return nearest.best;
}

START_TEST(finds_what_was_meant)
{
    ck_assert_str_eq(nearest_of("prot"), "port");
    ck_assert_str_eq(nearest_of("por"), "port");
    ck_assert_str_eq(nearest_of("ports"), "port");
    ck_assert_str_eq(nearest_of("lisden"), "listen");
    ck_assert_str_eq(nearest_of("max_clients"), "max-clients");
    ck_assert_str_eq(nearest_of("quality"), "jpeg-quality");
    ck_assert_str_eq(nearest_of("fsp"), "fps");
}
END_TEST

START_TEST(stays_silent_when_nothing_is_near)
{
    ck_assert_str_eq(nearest_of("bandwidth"), "");
    ck_assert_str_eq(nearest_of("x"), "");
    ck_assert_str_eq(nearest_of(""), "");
    char word[1000];
    memset(word, 'p', sizeof word);
    word[sizeof word - 1] = '\0';
    ck_assert_str_eq(nearest_of(word), "");
}
END_TEST

START_TEST(hints_read_as_a_question)
{
    struct nearest nearest;
    nearest_init(&nearest, "prot");
    ck_assert_str_eq(nearest_hint(&nearest, "--", "").text, "");
    nearest_offer(&nearest, "port");
    ck_assert_str_eq(nearest_hint(&nearest, "--", "").text, "; did you mean --port?");
}
END_TEST

TEST_MAIN(nearest, finds_what_was_meant, stays_silent_when_nothing_is_near,
          hints_read_as_a_question)
