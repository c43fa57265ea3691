#include "common/log.h"

#include "tests/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char line[100];

/* What a line looks like when JOURNAL_STREAM names standard error, or something else. */
static const char *line_of(bool journal)
{
    int ends[2];
    struct stat about;
    char stream[64];
    const int before = dup(STDERR_FILENO);
    ck_assert(before >= 0 && pipe(ends) == 0 && fstat(ends[1], &about) == 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)about.st_dev,
             (unsigned long long)about.st_ino + !journal);
    ck_assert_int_eq(setenv("JOURNAL_STREAM", stream, 1), 0);
    ck_assert(dup2(ends[1], STDERR_FILENO) >= 0);
    log_init("program", LOG_LEVEL_INFO);
    log_warning("%d of %d", 1, 2);
    log_debug("not shown");
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    memset(line, 0, sizeof line);
    ck_assert(read(ends[0], line, sizeof line - 1) > 0);
    close(ends[0]);
    return line;
}

START_TEST(the_journal_gets_priorities)
{
    ck_assert_str_eq(line_of(true), "<4>1 of 2\n");
}
END_TEST

/* Whatever systemd started hands the variable on. */
START_TEST(others_get_the_name_though_the_variable_is_there)
{
    ck_assert_str_eq(line_of(false), "program: warning: 1 of 2\n");
}
END_TEST

TEST_MAIN(log, the_journal_gets_priorities, others_get_the_name_though_the_variable_is_there)
