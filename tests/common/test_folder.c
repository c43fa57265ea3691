#include "common/folder.h"

#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/pawcam-folder-XXXXXX";

static const char *at(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

START_TEST(folders_on_the_way_are_made_too)
{
    struct error error;
    ck_assert_msg(folder_make(at("a/b/c"), &error), "%s", error.message);
    ck_assert(is_folder(at("a/b/c")));
    ck_assert_msg(folder_make(at("a/b/c/"), &error), "%s", error.message); /* there already */
    rmdir(at("a/b/c"));
    rmdir(at("a/b"));
    rmdir(at("a"));
}
END_TEST

START_TEST(what_lies_in_a_folder)
{
    static const struct {
        const char *path;
        bool inside;
    } cases[] = {{"a/x", true},    {"a/new/x", true}, {"a/b/../x", true},
                 {"link/x", true}, {"file", true},    {"a/b/../../x", false},
                 {"ab/x", false},  {"x", false},      {"new/a/x", false}};
    struct error error;
    char folder[256], link[256];
    ck_assert(folder_make(at("a/b"), &error) && folder_make(at("ab"), &error));
    snprintf(folder, sizeof folder, "%s", at("a"));
    snprintf(link, sizeof link, "%s", at("link"));
    ck_assert_int_eq(symlink("a/b", link), 0);
    ck_assert_int_eq(symlink("a/x", at("file")), 0);
    fclose(fopen(at("a/x"), "w"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(folder_holds(folder, at(cases[i].path)) == cases[i].inside, "%s",
                      cases[i].path);
    ck_assert(!folder_holds(at("none"), folder));
    unlink(link);
    unlink(at("file"));
    unlink(at("a/x"));
    rmdir(at("a/b"));
    rmdir(at("a"));
    rmdir(at("ab"));
}
END_TEST

START_TEST(a_file_in_its_place_is_refused)
{
    struct error error;
    FILE *file = fopen(at("file"), "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    ck_assert(!folder_make(at("file"), &error));
    ck_assert_ptr_nonnull(
        strstr(error.message, "/file: cannot be made: what is there is no folder"));
    ck_assert(!folder_make(at("file/below"), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "Not a directory"));
    unlink(at("file"));
}
END_TEST

/* A child tries to lock what this process has. */
static bool child_can_lock(void)
{
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct error error;
        char expected[40];
        snprintf(expected, sizeof expected, "process %d is at work there", (int)getppid());
        if (folder_lock(root, &error) >= 0)
            _exit(0);
        _exit(strstr(error.message, root) && strstr(error.message, expected) ? 1 : 2);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

START_TEST(a_locked_folder_is_for_one_process)
{
    struct error error;
    int lock = folder_lock(root, &error);
    ck_assert_msg(lock >= 0, "%s", error.message);
    ck_assert(!child_can_lock());
    close(lock);
    ck_assert(child_can_lock());
    unlink(at("lock"));
    ck_assert_int_eq(folder_lock(at("nowhere"), &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "nowhere: cannot be locked: No such file"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {folders_on_the_way_are_made_too, what_lies_in_a_folder,
                                  a_file_in_its_place_is_refused,
                                  a_locked_folder_is_for_one_process};
    if (!mkdtemp(root))
        return EXIT_FAILURE;
    int status = suite_run("folder", tests, sizeof tests / sizeof *tests, 30);
    rmdir(root);
    return status;
}
