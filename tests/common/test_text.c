#include "common/text.h"

#include "common/error.h"
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(control_characters_are_shown_as_question_marks)
{
    char text[] = "a\nb\t\x7f\xc3\xa4";
    text_one_line(text);
    ck_assert_str_eq(text, "a?b??\xc3\xa4");
}
END_TEST

START_TEST(what_is_no_utf8_is_made_plain)
{
    static const char *const texts[][2] = {{"", ""},
                                           {"K\xc3\xa4tzchen\n", "K\xc3\xa4tzchen?"},
                                           {"\xc3\xa4k\xe4t\x01", "\xc3\xa4k?t?"}};
    struct error error;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        text_copy(text, sizeof text, texts[i][0]);
        text_make_plain(text);
        ck_assert_str_eq(text, texts[i][1]);
        error_set(&error, "%s", texts[i][0]);
        ck_assert_str_eq(error.message, texts[i][1]);
    }
}
END_TEST

START_TEST(utf8_is_plain)
{
    static const char *const plain[] = {
        "",
        " cat~",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "K\xc3\xa4tzchen",
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        ck_assert_msg(text_is_plain(plain[i]), "case %zu", i);
}
END_TEST

START_TEST(what_is_no_utf8_or_controls_is_not_plain)
{
    static const char *const others[] = {
        "\n",
        "a\x1f",
        "\x7f",
        "k\xe4t",
        "\x80",
        "\xc3",
        "\xc3\x28",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80",
        "\xe2\x82",
        "\xff",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *copy = strdup(others[i]); /* of exactly this size, for the address sanitizer */
        ck_assert_ptr_nonnull(copy);
        ck_assert_msg(!text_is_plain(copy), "case %zu", i);
        free(copy);
    }
}
END_TEST

START_TEST(white_space_is_trimmed_from_both_ends)
{
    static const char *const texts[][2] = {
        {"", ""}, {" \t\r\n", ""}, {"a b", "a b"}, {" \va\f", "a"}, {"\tbig  dog\r", "big  dog"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", texts[i][0]);
        ck_assert_str_eq(text_trim(text), texts[i][1]);
    }
}
END_TEST

START_TEST(a_list_is_cut_at_its_commas)
{
    char text[] = " cat,\tbig dog ,,";
    static const char *const items[] = {"cat", "big dog", "", ""};
    char *rest = text;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        ck_assert_str_eq(text_next_item(&rest), items[i]);
    ck_assert_ptr_null(text_next_item(&rest));
}
END_TEST

START_TEST(a_copy_is_cut_between_characters)
{
    static const char text[] =
        "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x88z"; /* of 1, 2, 3, 4, 1 bytes */
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char *copy = malloc(i + 1); /* of exactly this size, for the address sanitizer */
        ck_assert_ptr_nonnull(copy);
        text_copy(copy, i + 1, text);
        ck_assert_uint_eq(strlen(copy), kept[i]);
        ck_assert_mem_eq(copy, text, kept[i]);
        free(copy);
    }
}
END_TEST

START_TEST(what_fits_or_is_no_utf8_is_copied_as_it_is)
{
    char text[6];
    text_copy(text, sizeof text, "k\xe4t\xc3");
    ck_assert_str_eq(text, "k\xe4t\xc3");
    text_copy(text, sizeof text, "\x80\x80\x80\x80\x80\x80");
    ck_assert_str_eq(text, "\x80\x80\x80\x80\x80");
}
END_TEST

START_TEST(errors_are_cut_between_characters)
{
    struct error error;
    char name[2 * sizeof error.message];
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i % 2 ? '\xa4' : '\xc3';
    name[sizeof name - 2] = '\0'; /* whole characters */
    for (int shift = 0; shift < 2; shift++) {
        error_set(&error, "%.*s%s", shift, "-", name);
        ck_assert(text_is_plain(error.message));
        ck_assert_uint_ge(strlen(error.message), sizeof error.message - 2);
        error_prefix(&error, "no more");
        ck_assert(text_is_plain(error.message));
    }
}
END_TEST

START_TEST(the_reason_stands_behind_a_long_path)
{
    struct error error, short_one;
    char path[4096];
    memset(path, 'x', sizeof path);
    memcpy(path, "/begin/", 7);
    memcpy(path + sizeof path - 5, "/end", 5);
    error_set_usage(&error, "no space left");
    error_prefix(&error, "%s", path);
    ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
    ck_assert(strncmp(error.message, "/begin/xxx", 10) == 0 && strstr(error.message, "x...x"));
    ck_assert(strstr(error.message, "x/end: no space left") && error.code == EXIT_CODE_USAGE);
    error_set(&error, "%s: %s", path, "no space left");
    ck_assert(strstr(error.message, "x...x") && strstr(error.message, "x/end: no space left"));
    path[500] = '\0';
    error_set(&short_one, "%s: is full", path);
    ck_assert_uint_eq(strlen(short_one.message), 509);
    ck_assert_ptr_null(strstr(short_one.message, "..."));
}
END_TEST

START_TEST(ends_and_places)
{
    char *const list[] = {(char *)"cat", (char *)"dog"};
    ck_assert(text_ends_with("net.json", ".json") && !text_ends_with("net.jso", ".json"));
    ck_assert(!text_ends_with(".json", ".json") && !text_ends_with("", ".json"));
    ck_assert_int_eq(text_find(list, 2, "dog"), 1);
    ck_assert_int_eq(text_find(list, 1, "dog"), -1);
    ck_assert_int_eq(text_find(NULL, 0, "dog"), -1);
}
END_TEST

START_TEST(a_url_is_shown_without_what_may_be_secret)
{
    static const char *const cases[][2] = {
        {"rtsp://user:p@ss@camera:554/live?pw=x#y", "rtsp://camera:554/live"},
        {"rtsp://user:p/w?#@camera/live?x", "rtsp://camera/live"},
        {"http://camera/a@b", "http://b"},
        {"http://camera?pw=x", "http://camera"},
        {"http://u@[::1]:80/", "http://[::1]:80/"},
        {"/dev/video0", "/dev/video0"},
        {"a?b@c.mp4", "a?b@c.mp4"},
        {"://", "://"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char shown[64];
        text_public_url(shown, sizeof shown, cases[i][0]);
        ck_assert_str_eq(shown, cases[i][1]);
    }
}
END_TEST

TEST_MAIN(text, ends_and_places, a_url_is_shown_without_what_may_be_secret,
          control_characters_are_shown_as_question_marks, what_is_no_utf8_is_made_plain,
          utf8_is_plain, what_is_no_utf8_or_controls_is_not_plain,
          white_space_is_trimmed_from_both_ends, a_list_is_cut_at_its_commas,
          a_copy_is_cut_between_characters, what_fits_or_is_no_utf8_is_copied_as_it_is,
          the_reason_stands_behind_a_long_path, errors_are_cut_between_characters)
