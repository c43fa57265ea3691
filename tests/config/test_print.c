/* What the table prints: settings, example, help, man pages. */
#include "config/wrap.h"
#include "tests/config/sample.h"
#include "tests/config/support.h"

START_TEST(printed_settings_read_back_to_the_same)
{
    static const char *const names[] = {"plain", " before",       "behind ", "\"quoted\"",
                                        "\"",    "a # b ; c = d", "",        "[first]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct sample settings = {
            .count = -5, .repeat = 0, .ratio = 1.0 / 3, .mode = 2, .loud = true};
        struct sample copy = {0};
        struct error error = {0};
        settings.name = strdup(names[i]);
        char *text = printed(&sample_table, CONFIG_PRINT, &settings);
        ck_assert_msg(read_string(&sample_table, text, &copy, &error), "%s", error.message);
        ck_assert_str_eq(copy.name, names[i]);
        ck_assert_int_eq(copy.count, -5);
        ck_assert_int_eq(copy.repeat, 0);
        ck_assert_double_eq(copy.ratio, 1.0 / 3);
        ck_assert_int_eq(copy.mode, 2);
        ck_assert(copy.loud);
        free(text);
        config_free(&sample_table, &settings);
        config_free(&sample_table, &copy);
    }
}
END_TEST

START_TEST(example_holds_every_default_as_a_comment)
{
    char *text = printed(&sample_table, CONFIG_PRINT_EXAMPLE, NULL);
    ck_assert_contains(text, "\n[first]\n");
    ck_assert_contains(text, "\n# Who it is.");
    ck_assert_contains(text, "\n#name = nobody\n");
    ck_assert_contains(text, "\n#repeat = once\n");
    ck_assert_contains(text, "\n# a number from 0 to 1000000 s; default 0.1; applied on reload\n");
    free(text);
}
END_TEST

START_TEST(help_names_every_option_and_fits_the_terminal)
{
    char *text = printed(&sample_table, CONFIG_HELP, NULL);
    ck_assert_contains(text, "Usage: sample [OPTION]...\n");
    ck_assert_contains(text, "\n  -n, --name TEXT ");
    ck_assert_contains(text, "\n      --repeat N ");
    ck_assert_contains(text, "\n      --ratio NUMBER ");
    ck_assert_contains(text, "\n  -l, --[no-]loud ");
    ck_assert_contains(text, "\n  -c, --config FILE ");
    ck_assert_contains(text, "\n  -h, --help ");
    for (char *row = strtok(text, "\n"); row; row = strtok(NULL, "\n"))
        ck_assert_msg(strlen(row) <= 79, "too long: %s", row);
    free(text);
}
END_TEST

START_TEST(man_pages_escape_what_roff_would_take)
{
    char *text = printed(&sample_table, CONFIG_PRINT_MAN, NULL);
    ck_assert_contains(text, ".TH SAMPLE 8 ");
    ck_assert_contains(text, "\\fB\\-\\-item\\-count\\fR \\fIN\\fR\n");
    ck_assert_contains(text, "A \\e and \\- 'quotes' must survive roff.\n");
    ck_assert_contains(text, "It does the first thing.\n.PP\nThen the second.\n");
    ck_assert_contains(text, "sample \\-n you\n.RE\n");
    free(text);
    text = printed(&sample_table, CONFIG_PRINT_MAN_FILE, NULL);
    ck_assert_contains(text, ".TH SAMPLE.CONF 5 ");
    ck_assert_contains(text, "\\fBitem\\-count\\fR = \\fIN\\fR\n");
    ck_assert_contains(text, "\\fBloud\\fR = \\fIyes|no\\fR\n");
    free(text);
}
END_TEST

START_TEST(man_pages_hold_paragraphs_of_any_length)
{
    char description[10001];
    for (size_t i = 0; i < sizeof description - 1; i++)
        description[i] = i % 10 == 9 ? ' ' : 'w';
    memcpy(description + sizeof description - 5, "end.", sizeof "end.");
    struct option_table table = sample_table;
    table.description = description;
    char *text = printed(&table, CONFIG_PRINT_MAN, NULL);
    ck_assert_contains(text, "wend.\n.SH OPTIONS");
    free(text);
}
END_TEST

START_TEST(words_wrap_at_the_margin)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char word[71];
    memset(word, 'w', 70);
    word[70] = '\0';
    int column = wrap_print(out, word, "# ", 0);
    ck_assert_int_eq(column, 72);
    column = wrap_print(out, "1234 6 89", "# ", column);
    ck_assert_int_eq(column, 4);
    fclose(out);
    ck_assert_str_eq(text + 70, "ww 1234 6\n# 89");
    free(text);
}
END_TEST

START_TEST(a_full_disk_is_reported)
{
    static const int modes[] = {_IOFBF, _IONBF}; /* it fails at the end, or before */
    for (int i = 0; i < 2; i++) {
        FILE *full = fopen("/dev/full", "w");
        struct error error;
        ck_assert_ptr_nonnull(full);
        setvbuf(full, NULL, modes[i], BUFSIZ);
        ck_assert(!config_print(&sample_table, CONFIG_VERSION, NULL, full, &error));
        ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
        ck_assert_contains(error.message, "No space left on device");
        fclose(full);
    }
}
END_TEST

TEST_MAIN(print, printed_settings_read_back_to_the_same, example_holds_every_default_as_a_comment,
          help_names_every_option_and_fits_the_terminal, man_pages_escape_what_roff_would_take,
          man_pages_hold_paragraphs_of_any_length, words_wrap_at_the_margin,
          a_full_disk_is_reported)
