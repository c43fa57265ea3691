#include "capture/v4l2_find.h"
#include "tests/suite.h"

#include <string.h>

static const struct v4l2_card cards[] = {
    {"/dev/video0", "vivid"},          {"/dev/video2", "HD Pro Webcam C920"},
    {"/dev/video4", "HD Webcam C270"}, {"/dev/video6", "HD Webcam C270"},
    {"/dev/video8", "vivid two"},
};
enum { CARD_COUNT = sizeof cards / sizeof *cards };

static int match(const char *name, struct error *error)
{
    return v4l2_match(cards, CARD_COUNT, name, error);
}

START_TEST(an_exact_name_wins_over_a_part)
{
    ck_assert_int_eq(match("vivid", NULL), 0);
    ck_assert_int_eq(match("vivid two", NULL), 4);
}
END_TEST

START_TEST(a_part_that_only_one_has_is_enough)
{
    ck_assert_int_eq(match("c920", NULL), 1);
    ck_assert_int_eq(match("Pro", NULL), 1);
}
END_TEST

START_TEST(several_are_listed)
{
    struct error error = {0};
    ck_assert_int_eq(match("HD Webcam C270", &error), -1);
    ck_assert_str_eq(error.message, "2 cameras are called \"HD Webcam C270\": HD Webcam C270 "
                                    "(/dev/video4), HD Webcam C270 (/dev/video6); say the path");
    ck_assert_int_eq(match("webcam", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "3 cameras"));
    ck_assert_ptr_null(strstr(error.message, "vivid"));
}
END_TEST

START_TEST(an_unknown_name_lists_what_is_there)
{
    struct error error = {0};
    ck_assert_int_eq(match("C930", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "no camera is called \"C930\"; there is vivid "
                                                "(/dev/video0), HD Pro Webcam C920 (/dev/video2)"));
    ck_assert_int_eq(v4l2_match(cards, 0, "C930", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "there is none"));
}
END_TEST

TEST_MAIN(v4l2_find, an_exact_name_wins_over_a_part, a_part_that_only_one_has_is_enough,
          several_are_listed, an_unknown_name_lists_what_is_there)
