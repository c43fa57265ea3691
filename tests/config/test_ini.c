#include "tests/config/sample.h"
#include "tests/config/support.h"

static struct sample settings;

static void reset(void)
{
    config_free(&sample_table, &settings);
    settings = (struct sample){0};
    ck_assert(config_defaults(&sample_table, &settings, NULL));
}

static void expect_error(const char *text, int line, const char *message)
{
    struct error error;
    char where[32];
    reset();
    ck_assert_msg(!read_string(&sample_table, text, &settings, &error), "accepted:\n%s", text);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    snprintf(where, sizeof where, "test.conf:%d: ", line);
    ck_assert_contains(error.message, where);
    ck_assert_contains(error.message, message);
    config_free(&sample_table, &settings);
}

START_TEST(reads_sections_values_and_comments)
{
    struct error error = {0};
    reset();
    ck_assert_msg(read_string(&sample_table,
                              "# comment\n\n[first]\n  name = a b # no comment; no comment\n"
                              "\t; comment\n item-count=7\n[second]\nmode =fast\n[ first ]\n"
                              "[second]\nloud= yes\nratio = 2.5",
                              &settings, &error),
                  "%s", error.message);
    ck_assert_str_eq(settings.name, "a b # no comment; no comment");
    ck_assert_int_eq(settings.count, 7);
    ck_assert_int_eq(settings.mode, 0);
    ck_assert(settings.loud);
    ck_assert_double_eq(settings.ratio, 2.5);
    ck_assert_int_eq(settings.repeat, 1);
    config_free(&sample_table, &settings);
}
END_TEST

START_TEST(takes_windows_files)
{
    reset();
    ck_assert(read_string(&sample_table,
                          "\xEF\xBB\xBF[first]\r\nname = x\r\n\r\nitem-count = 4\r\n", &settings,
                          NULL));
    ck_assert_str_eq(settings.name, "x");
    ck_assert_int_eq(settings.count, 4);
    config_free(&sample_table, &settings);
}
END_TEST

START_TEST(takes_old_mac_files)
{
    reset();
    ck_assert(read_string(&sample_table, "# comment\r[first]\rname = x\r\ritem-count = 4\r",
                          &settings, NULL));
    ck_assert_str_eq(settings.name, "x");
    ck_assert_int_eq(settings.count, 4);
    config_free(&sample_table, &settings);
    expect_error("# comment\r[first]\r\ritem-count = many\r", 4, "is not a whole number");
}
END_TEST

START_TEST(quotes_keep_outer_blanks)
{
    reset();
    ck_assert(read_string(&sample_table, "[first]\nname = \"  a = \"b\" \"\n", &settings, NULL));
    ck_assert_str_eq(settings.name, "  a = \"b\" ");
    ck_assert(read_string(&sample_table, "[first]\nname = \"\"\n", &settings, NULL));
    ck_assert_str_eq(settings.name, "");
    ck_assert(read_string(&sample_table, "[first]\nname =\n", &settings, NULL));
    ck_assert_str_eq(settings.name, "");
    config_free(&sample_table, &settings);
    expect_error("[first]\nname = \"open\n", 2, "no \" at its end");
    expect_error("[first]\nname = \"\n", 2, "no \" at its end");
}
END_TEST

START_TEST(errors_name_the_line_and_what_was_meant)
{
    expect_error("[frist]\n", 1, "unknown section [frist]; did you mean [first]?");
    expect_error("[]\n", 1, "unknown section []");
    expect_error("[xyzzy]\n", 1, "unknown section [xyzzy]");
    expect_error("[first\n", 1, "no ] at its end");
    expect_error("[\n", 1, "no ] at its end");
    expect_error("\n\n[first]\nnmae = x\n", 4, "unknown option \"nmae\"; did you mean name?");
    expect_error("[first]\n = x\n", 2, "unknown option \"\"");
    expect_error("[first]\nname\n", 2, "\"name\" is no setting; write name = value");
    expect_error("[first]\nmode = fast\n", 2, "mode belongs into section [second], not [first]");
    expect_error("mode = fast\n", 1, "belongs into section [second], not before the first section");
    expect_error("[first]\nname = a\n\nname = b\n", 4, "name was set in line 2 already");
    expect_error("[first]\nitem-count = many\n", 2,
                 "item-count: \"many\" is not a whole number from -5 to 2000000");
    expect_error("[first]\nname = root\n", 2, "name: \"root\" is taken");
    expect_error("[first]\nitem-count = 7 # seven\n", 2, "\"7 # seven\" is not a whole number");
}
END_TEST

START_TEST(binary_and_endless_lines_are_refused)
{
    static char text[10000] = "[first]\n#";
    struct error error;
    memset(text + 9, 'x', sizeof text - 10);
    expect_error(text, 2, "the line is too long");
    reset();
    ck_assert(!read_bytes(&sample_table, "[first]\nname = a\0b\n", 19, &settings, &error));
    ck_assert_contains(error.message, ":2: cannot read: a NUL byte");
    config_free(&sample_table, &settings);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_usage_errors)
{
    struct error error;
    reset();
    ck_assert(!config_read_file(&sample_table, "/nonexistent", &settings, &error));
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, "/nonexistent: No such file");
    ck_assert(!config_read_file(&sample_table, "/", &settings, &error));
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, "/: is no regular file");
    config_free(&sample_table, &settings);
}
END_TEST

/* The second reading would find it empty, and take that for a file without settings. */
START_TEST(a_pipe_is_refused)
{
    int ends[2];
    char path[32];
    struct error error;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "[first]\nname = x\n", 17), 17);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    reset();
    ck_assert(!config_read_file(&sample_table, path, &settings, &error));
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_contains(error.message, "is no regular file");
    config_free(&sample_table, &settings);
    close(ends[0]);
}
END_TEST

/* Random lines made of pieces that mean something to the reader, and of plain random bytes. */
static size_t random_text(unsigned *seed, char *text, size_t size)
{
    static const char *const pieces[] = {"[first]", "[second]",    "[",    "]",  "=",    "\"",
                                         "name",    "item-count",  "mode", "\n", "\r\n", "#",
                                         ";",       " ",           "fast", "7",  "-1e9", "forever",
                                         "\n\n",    "\xEF\xBB\xBF"};
    size_t used = 0;
    while (used + 16 < size && rand_r(seed) % 200 != 0) {
        if (rand_r(seed) % 8 == 0) {
            text[used++] = (char)rand_r(seed);
        } else {
            const char *piece = pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)];
            memcpy(text + used, piece, strlen(piece));
            used += strlen(piece);
        }
    }
    return used;
}

START_TEST(random_text_gives_settings_or_one_line)
{
    enum { ROUNDS = 20000 };
    static char text[2048];
    int accepted = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct error error = {0};
        unsigned seed = round;
        size_t length = random_text(&seed, text, sizeof text);
        reset();
        if (read_bytes(&sample_table, text, length, &settings, &error)) {
            accepted++;
            ck_assert_int_ge(settings.count, -5);
            ck_assert_int_le(settings.mode, 2);
            continue;
        }
        ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
        ck_assert_ptr_null(strpbrk(error.message, "\n\r"));
        ck_assert_contains(error.message, ": ");
    }
    ck_assert_int_gt(accepted, ROUNDS / 100);
    ck_assert_int_lt(accepted, ROUNDS);
    config_free(&sample_table, &settings);
}
END_TEST

TEST_MAIN(ini, reads_sections_values_and_comments, takes_windows_files, takes_old_mac_files,
          quotes_keep_outer_blanks, errors_name_the_line_and_what_was_meant,
          binary_and_endless_lines_are_refused, files_that_cannot_be_read_are_usage_errors,
          a_pipe_is_refused, random_text_gives_settings_or_one_line)
