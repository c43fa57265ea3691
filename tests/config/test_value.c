#include "config/value.h"

#include "tests/config/sample.h"
#include "tests/config/support.h"

static bool parse(int row, const char *text, struct sample *settings, struct error *error)
{
    return value_parse(&sample_rows[row], text, settings, error);
}

static void expect_error(int row, const char *text, const char *message)
{
    struct sample settings = {.count = 77, .ratio = 77};
    struct error error;
    ck_assert_msg(!parse(row, text, &settings, &error), "\"%s\" was taken", text);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, message);
    ck_assert_int_eq(settings.count, 77);
    ck_assert_double_eq(settings.ratio, 77);
    ck_assert_ptr_null(settings.name);
}

START_TEST(whole_numbers_are_read_strictly)
{
    struct sample settings = {0};
    ck_assert(parse(COUNT, "-5", &settings, NULL));
    ck_assert_int_eq(settings.count, -5);
    ck_assert(parse(COUNT, "2000000", &settings, NULL));
    ck_assert_int_eq(settings.count, 2000000);
    static const char *const wrong[] = {
        "",        " 1", "1 ",  "0x10", "1e3", "1.0", "abc", "1-2",
        "-",       "+",  "--1", "-6",   "1,5", "nan", "inf", "99999999999999999999999999",
        "2000001", "1\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_error(COUNT, wrong[i], "is not a whole number from -5 to 2000000");
}
END_TEST

START_TEST(numbers_are_finite_and_bounded)
{
    struct sample settings = {0};
    ck_assert(parse(RATIO, "1e-3", &settings, NULL));
    ck_assert_double_eq(settings.ratio, 1e-3);
    ck_assert(parse(RATIO, ".5", &settings, NULL));
    ck_assert_double_eq(settings.ratio, 0.5);
    static const char *const wrong[] = {"nan",   "inf", "-inf", "infinity", "1e999",
                                        "0x1p3", "1,5", "",     " 1",       "1000000.1",
                                        "-1e-9", "1e",  "1 s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_error(RATIO, wrong[i], "is not a number from 0 to 1000000 s");
}
END_TEST

START_TEST(numbers_can_be_words)
{
    struct sample settings = {0};
    char buffer[VALUE_TEXT_MAX];
    ck_assert(parse(REPEAT, "100", &settings, NULL));
    ck_assert_str_eq(value_text(&sample_rows[REPEAT], &settings, buffer), "100");
    ck_assert(parse(REPEAT, "forever", &settings, NULL));
    ck_assert_int_eq(settings.repeat, 0);
    ck_assert_str_eq(value_text(&sample_rows[REPEAT], &settings, buffer), "forever");
    expect_error(REPEAT, "forev", "is not a whole number from 1 to 100 or forever, once");
    expect_error(REPEAT, "forever=0", "or forever");
    expect_error(REPEAT, "0", "or forever");
}
END_TEST

START_TEST(choices_and_switches_take_their_words_only)
{
    struct sample settings = {0};
    ck_assert(parse(MODE, "slower", &settings, NULL));
    ck_assert_int_eq(settings.mode, 2);
    expect_error(MODE, "slowe", "is not one of fast, slow, slower");
    expect_error(MODE, "fast|slow", "is not one of");
    expect_error(MODE, "", "is not one of");
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
                                                                                "off", "0"};
    for (int i = 0; i < 4; i++) {
        ck_assert(parse(LOUD, yes[i], &settings, NULL) && settings.loud);
        ck_assert(parse(LOUD, no[i], &settings, NULL) && !settings.loud);
    }
    expect_error(LOUD, "maybe", "\"maybe\" is not yes or no");
}
END_TEST

START_TEST(strings_are_owned_and_printable)
{
    struct sample settings = {0};
    ck_assert(parse(NAME, "first", &settings, NULL));
    ck_assert(parse(NAME, "r\303\251sum\303\251", &settings, NULL));
    ck_assert_str_eq(settings.name, "r\303\251sum\303\251");
    ck_assert(!parse(NAME, "two\nlines", &settings, NULL));
    ck_assert_str_eq(settings.name, "r\303\251sum\303\251");
    value_free(&sample_rows[NAME], &settings);
    ck_assert_ptr_null(settings.name);
    expect_error(NAME, "a\033[31m", "control character");
    expect_error(NAME, "root", "\"root\" is taken");
}
END_TEST

START_TEST(text_reads_back_to_the_same_number)
{
    static const double numbers[] = {
        0, 0.1, 1.0 / 3, 1e6, 123456.789, 5e-324, 1e-7, 30, 0.30000000000000004};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sample settings = {.ratio = numbers[i]};
        char buffer[VALUE_TEXT_MAX];
        const char *text = value_text(&sample_rows[RATIO], &settings, buffer);
        settings.ratio = -1;
        ck_assert(parse(RATIO, text, &settings, NULL));
        ck_assert_double_eq(settings.ratio, numbers[i]);
    }
    struct sample settings = {.ratio = 0.1};
    char buffer[VALUE_TEXT_MAX];
    ck_assert_str_eq(value_text(&sample_rows[RATIO], &settings, buffer), "0.1");
}
END_TEST

START_TEST(long_values_leave_room_for_what_is_right)
{
    char text[VALUE_STRING_MAX + 2];
    memset(text, '9', sizeof text);
    text[VALUE_STRING_MAX + 1] = '\0';
    expect_error(COUNT, text, "is not a whole number from -5 to 2000000");
    expect_error(NAME, text, "is longer than 4096 bytes");
}
END_TEST

START_TEST(facts_name_bounds_unit_default_and_reload)
{
    char facts[VALUE_FACTS_MAX];
    value_facts(&sample_rows[RATIO], facts);
    ck_assert_str_eq(facts, "a number from 0 to 1000000 s; default 0.1; applied on reload");
    value_facts(&sample_rows[NAME], facts);
    ck_assert_str_eq(facts, "default nobody");
    value_facts(&sample_rows[MODE], facts);
    ck_assert_str_eq(facts, "one of fast, slow, slower; default slow");
}
END_TEST

TEST_MAIN(value, whole_numbers_are_read_strictly, numbers_are_finite_and_bounded,
          numbers_can_be_words, choices_and_switches_take_their_words_only,
          strings_are_owned_and_printable, text_reads_back_to_the_same_number,
          long_values_leave_room_for_what_is_right, facts_name_bounds_unit_default_and_reload)
