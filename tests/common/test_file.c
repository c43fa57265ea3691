#include "common/file.h"

#include "common/atomic_file.h"
#include "tests/suite.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/pawcam-file-XXXXXX";
static struct error error;

static void setup(void)
{
    strcpy(root + strlen(root) - 6, "XXXXXX");
    ck_assert(mkdtemp(root) && chdir(root) == 0);
}

static void teardown(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert(chdir("/") == 0 && system(command) == 0);
}

static void write_text(const char *path, const char *text)
{
    ck_assert_msg(atomic_file_write(path, text, strlen(text), &error), "%s", error.message);
}

static void check_text(const char *path, const char *text)
{
    uint8_t *bytes;
    size_t size;
    ck_assert_msg(file_read(path, 100, &bytes, &size, &error), "%s", error.message);
    ck_assert(size == strlen(text) && memcmp(bytes, text, size) == 0);
    free(bytes);
}

static mode_t mode_of(const char *path)
{
    struct stat about;
    ck_assert_int_eq(lstat(path, &about), 0);
    return about.st_mode;
}

/* --- reading ---------------------------------------------------------------------------------- */

START_TEST(only_regular_files_are_read)
{
    uint8_t *bytes;
    size_t size;
    setup();
    ck_assert(mkfifo("fifo", 0666) == 0 && mkdir("folder", 0777) == 0);
    for (const char *const *path = (const char *[]){"fifo", "folder", "/dev/zero", NULL}; *path;
         path++) {
        ck_assert(!file_read(*path, 100, &bytes, &size, &error) && !bytes);
        ck_assert_str_eq(error.message, "is no regular file");
    }
    ck_assert(!file_open("nothing", &error) && strstr(error.message, "No such file"));
    write_text("empty", "");
    ck_assert(!file_read("empty", 100, &bytes, &size, &error) && !bytes);
    ck_assert_str_eq(error.message, "is empty");
    write_text("four", "four");
    ck_assert(!file_read("four", 3, &bytes, &size, &error) && strstr(error.message, "too large"));
    check_text("four", "four");
    teardown();
}
END_TEST

/* --- writing ---------------------------------------------------------------------------------- */

START_TEST(a_replaced_file_keeps_its_permissions)
{
    setup();
    write_text("model", "one");
    ck_assert_int_eq(chmod("model", 0600), 0);
    write_text("model", "two");
    ck_assert_int_eq(mode_of("model") & 0777, 0600);
    ck_assert_int_eq(chmod("model", 0464), 0);
    write_text("model", "three");
    ck_assert_int_eq(mode_of("model") & 0777, 0464);
    check_text("model", "three");
    teardown();
}
END_TEST

/* Somebody else, in one more group than his own. */
static void write_as(uid_t user, gid_t group, const char *path)
{
    const pid_t child = fork();
    int status;
    ck_assert(child >= 0);
    if (child == 0)
        _exit(setgroups(1, &group) == 0 && setgid(user) == 0 && setuid(user) == 0 &&
                      atomic_file_write(path, "new", 3, &error)
                  ? 0
                  : 1);
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
}

static void check_owner(const char *path, uid_t user, gid_t group, mode_t mode)
{
    struct stat about;
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_uid, user);
    ck_assert_int_eq(about.st_gid, group);
    ck_assert_int_eq(about.st_mode & 07777, mode);
}

START_TEST(a_replaced_file_keeps_its_owner_and_group_as_far_as_allowed)
{
    setup();
    write_text("model", "one");
    if (chown("model", 5001, 5000) == 0) { /* only root may */
        ck_assert(chmod(".", 0777) == 0 && chmod("model", 0664) == 0);
        write_text("model", "two");
        check_owner("model", 5001, 5000, 0664);
        write_as(4000, 5000, "model"); /* who shares the group goes on sharing the file */
        check_owner("model", 4000, 5000, 0664);
        write_as(4001, 5002, "model"); /* another group gets nothing */
        check_owner("model", 4001, 4001, 0604);
    }
    teardown();
}
END_TEST

START_TEST(a_link_stays_one)
{
    setup();
    ck_assert(mkdir("store", 0777) == 0 && symlink("store/model", "link") == 0);
    ck_assert(!atomic_file_write("link", "x", 1, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "link: cannot be written: it is a link to what"));
    write_text("store/model", "one");
    write_text("link", "two");
    ck_assert(S_ISLNK(mode_of("link")));
    check_text("store/model", "two");
    ck_assert(symlink("/dev/full", "device") == 0);
    ck_assert(!atomic_file_write("device", "x", 1, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "no regular file"));
    teardown();
}
END_TEST

START_TEST(what_an_earlier_run_left_is_no_obstacle)
{
    setup();
    ck_assert(mkfifo("model.part", 0666) == 0);
    write_text("model", "one");
    ck_assert(symlink("precious", "model.part") == 0);
    write_text("precious", "yes");
    write_text("model", "two");
    check_text("precious", "yes");
    ck_assert(mkdir("model.part", 0777) == 0);
    ck_assert(!atomic_file_write("model", "x", 1, &error));
    ck_assert_str_eq(error.message, "model: cannot be written: model.part is in the way");
    check_text("model", "two");
    teardown();
}
END_TEST

START_TEST(one_writes_a_file_at_a_time)
{
    struct atomic_file first;
    setup();
    ck_assert(atomic_file_open(&first, "model", &error));
    ck_assert(!atomic_file_write("model", "two", 3, &error));
    ck_assert_str_eq(error.message, "model: cannot be written: another program is writing it");
    fputs("one", first.stream);
    ck_assert(atomic_file_commit(&first, &error));
    check_text("model", "one");
    ck_assert(access("model.part", F_OK) != 0);
    write_text("model", "three");
    /* Two that began in the same moment: the file of one was taken away. */
    ck_assert(atomic_file_open(&first, "model", &error));
    ck_assert(rename("model.part", "gone") == 0);
    write_text("model.part", "of another");
    ck_assert(!atomic_file_commit(&first, &error));
    ck_assert_str_eq(error.message, "model: cannot be written: another program is writing it");
    check_text("model.part", "of another");
    check_text("model", "three");
    const pid_t child = fork(); /* one that ends before it is done holds nobody up */
    int status;
    if (child == 0)
        _exit(atomic_file_open(&first, "model", &error) ? 0 : 1);
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    ck_assert(access("model.part", F_OK) == 0);
    write_text("model", "four");
    check_text("model", "four");
    teardown();
}
END_TEST

START_TEST(whether_a_file_can_be_written_is_asked_without_a_trace)
{
    setup();
    ck_assert(atomic_file_check("model", &error));
    ck_assert(access("model", F_OK) != 0 && access("model.part", F_OK) != 0);
    write_text("model", "one");
    ck_assert(atomic_file_check("model", &error));
    check_text("model", "one");
    ck_assert(!atomic_file_check("nowhere/model", &error));
    ck_assert_str_eq(error.message, "nowhere/model: cannot be written: No such file or directory");
    teardown();
}
END_TEST

TEST_MAIN(file, only_regular_files_are_read, a_replaced_file_keeps_its_permissions,
          a_replaced_file_keeps_its_owner_and_group_as_far_as_allowed, a_link_stays_one,
          what_an_earlier_run_left_is_no_obstacle, one_writes_a_file_at_a_time,
          whether_a_file_can_be_written_is_asked_without_a_trace)
