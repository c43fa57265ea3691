#include "capture/names.h"
#include "tests/capture/films.h"

#include <sys/stat.h>

/* One picture whose width tells it from the others. */
static void make_picture(const char *name, int width)
{
    film_make(name,
              "-f lavfi -i color=0x30A0E0:size=64x48:rate=1:duration=1 -frames:v 1 -vf "
              "format=gbrp,crop=%d:40",
              width);
}

static const char *make_folder(void)
{
    ck_assert_int_eq(mkdir(film_path("pictures"), 0700), 0);
    return film_path("pictures");
}

START_TEST(names_are_in_natural_order)
{
    static const char *const sorted[] = {"1.jpg",  "01.jpg", "2.jpg",    "10.jpg",  "a.jpg",
                                         "a1.jpg", "a9.jpg", "a09b.jpg", "a10.jpg", "b.jpg"};
    int count = sizeof sorted / sizeof *sorted;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            ck_assert_msg((names_compare(sorted[i], sorted[j]) < 0) == (i < j) || i == j ||
                              (i < 2 && j < 2),
                          "%s, %s", sorted[i], sorted[j]);
    ck_assert_int_ne(names_compare("1.jpg", "01.jpg"), 0);
    ck_assert_int_eq(names_compare("x", "x"), 0);
    ck_assert_int_lt(names_compare("99999999999999999999998", "99999999999999999999999"), 0);
}
END_TEST

START_TEST(pictures_are_known_by_their_ending)
{
    ck_assert(names_is_picture("a.jpg"));
    ck_assert(names_is_picture("A.JPEG"));
    ck_assert(names_is_picture("b.c.webp"));
    ck_assert(!names_is_picture("a.mp4"));
    ck_assert(!names_is_picture("jpg"));
    ck_assert(!names_is_picture("a.jp"));
    ck_assert(!names_is_picture("a."));
    ck_assert(!names_is_picture("a.jpg .p"));
}
END_TEST

START_TEST(a_folder_is_played_in_order)
{
    const char *folder = make_folder();
    make_picture("pictures/p10.jpg", 50);
    make_picture("pictures/p9.png", 41);
    make_picture("pictures/p1.bmp", 43);
    make_picture("pictures/p2.webp", 47);
    run("echo text > '%s/notes.txt'; echo hidden > '%s/.p0.jpg'; mkdir '%s/p3.jpg'", folder, folder,
        folder);
    struct capture_settings settings = {
        .source = folder, .replay_speed = REPLAY_MAX, .replay_loop = 1, .fps = 10};
    struct error error = {0};
    log_catch();
    struct capture *capture = capture_open(&settings, &error);
    ck_assert_msg(capture != NULL, "%s", error.message);
    const int widths[] = {43, 47, 41, 50};
    const enum pixel_format formats[] = {PIXEL_BGR24, PIXEL_BGR24, PIXEL_BGR24, PIXEL_JPEG};
    struct frame *frame;
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_FRAME);
        ck_assert_int_eq(frame->width, widths[i]);
        ck_assert_int_eq(frame->height, 40);
        ck_assert_int_eq(frame->format, formats[i]);
        ck_assert_double_eq_tol(frame->time_s, i * 0.1, 1e-9);
        frame_unref(&frame);
    }
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_END);
    ck_assert_int_eq(count_text(log_caught(), "p3.jpg"), 1); /* the folder with such a name */
    capture_close(capture);
}
END_TEST

START_TEST(unreadable_pictures_are_skipped_with_one_warning_each)
{
    const char *folder = make_folder();
    make_picture("pictures/1.jpg", 50);
    run("head -c 100 '%s/1.jpg' > '%s/2.jpg'; echo text > '%s/3.png'; : > '%s/4.jpg'", folder,
        folder, folder, folder);
    make_picture("pictures/5.jpg", 41);
    log_catch();
    struct played played = play_with((struct capture_settings){.source = folder, .replay_loop = 3});
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_eq(played.frames, 6);
    ck_assert_int_eq(count_text(log_caught(), "skipped"), 3);
    ck_assert_int_eq(count_text(log_caught(), "3 could not be read"), 1);
}
END_TEST

START_TEST(a_single_picture_is_one_frame_or_an_endless_one)
{
    make_picture("one.jpg", 50);
    const char *path = film_path("one.jpg");
    ck_assert_int_eq(play(path).frames, 1);
    struct played played =
        play_with((struct capture_settings){.source = path, .replay_loop = 0, .limit = 25});
    ck_assert_int_eq(played.frames, 25);
}
END_TEST

static void check_refused(const char *path, const char *why)
{
    struct played played = play(path);
    ck_assert_int_eq(played.status, CAPTURE_FAILED);
    ck_assert_msg(strstr(played.error.message, path) && strstr(played.error.message, why), "%s",
                  played.error.message);
}

START_TEST(what_is_no_picture_is_refused_in_one_line)
{
    const char *folder = make_folder();
    check_refused(folder, "no pictures in this folder");
    run("echo text > '%s/1.jpg'; echo text > '%s/2.png'", folder, folder);
    check_refused(folder, "none of its 2 pictures can be read");
    const char *text = film_path("text.jpg");
    run("echo text > '%s'", text);
    check_refused(text, "not one picture");
    make_picture("whole.jpg", 50);
    check_refused(film_cut("cut.jpg", film_path("whole.jpg"), 0.9), "damaged JPEG");
    check_refused(film_path("missing.jpg"), "No such file");
}
END_TEST

FILM_TEST_MAIN(images, names_are_in_natural_order, pictures_are_known_by_their_ending,
               a_folder_is_played_in_order, unreadable_pictures_are_skipped_with_one_warning_each,
               a_single_picture_is_one_frame_or_an_endless_one,
               what_is_no_picture_is_refused_in_one_line)
