#include "capture/v4l2_controls.h"
#include "tests/suite.h"

#include <string.h>

static void expect_name(const char *title, const char *expected)
{
    char name[32];
    v4l2_control_name(title, name, sizeof name);
    ck_assert_str_eq(name, expected);
}

START_TEST(names_are_those_of_v4l2_ctl)
{
    expect_name("Exposure Time, Absolute", "exposure_time_absolute");
    expect_name("White Balance, Automatic", "white_balance_automatic");
    expect_name("Inject V4L2_BUF_FLAG_ERROR", "inject_v4l2_buf_flag_error");
    expect_name("  (Odd)  ", "odd");
    expect_name("", "");
}
END_TEST

START_TEST(a_long_title_is_cut)
{
    char name[6];
    v4l2_control_name("Power Line Frequency", name, sizeof name);
    ck_assert_str_eq(name, "power");
    char none[1];
    v4l2_control_name("Gain", none, sizeof none);
    ck_assert_str_eq(none, "");
}
END_TEST

START_TEST(the_text_is_cut_into_names_and_values)
{
    char text[] = "exposure_time_absolute=200, menu = Item 3 ,,= 5, lonely, a=b=c,";
    static const char *const expected[][2] = {{"exposure_time_absolute", "200"},
                                              {"menu", "Item 3"},
                                              {"", "5"},
                                              {"lonely", ""},
                                              {"a", "b=c"}};
    char *rest = text, *name, *value;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        ck_assert(v4l2_control_next(&rest, &name, &value));
        ck_assert_str_eq(name, expected[i][0]);
        ck_assert_str_eq(value, expected[i][1]);
    }
    ck_assert(!v4l2_control_next(&rest, &name, &value));
    char empty[] = " ";
    rest = empty;
    ck_assert(!v4l2_control_next(&rest, &name, &value));
}
END_TEST

TEST_MAIN(v4l2_controls, names_are_those_of_v4l2_ctl, a_long_title_is_cut,
          the_text_is_cut_into_names_and_values)
