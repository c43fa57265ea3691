#include "capture/story.h"
#include "tests/capture/films.h"

static struct capture_settings film(int seed, int width, int height, int limit)
{
    return (struct capture_settings){.source = "synthetic",
                                     .seed = seed,
                                     .width = width,
                                     .height = height,
                                     .fps = 25,
                                     .limit = limit};
}

START_TEST(the_same_seed_gives_the_same_bytes)
{
    struct played first = play_with(film(7, 160, 120, 60)),
                  second = play_with(film(7, 160, 120, 60));
    struct played other = play_with(film(8, 160, 120, 60));
    ck_assert_int_eq(first.frames, 60);
    ck_assert_int_eq(first.width, 160);
    ck_assert_int_eq(first.formats[0], PIXEL_BGR24);
    ck_assert_double_eq_tol(first.times[59], 59 / 25.0, 1e-9);
    ck_assert_uint_eq(first.hash, second.hash);
    ck_assert_uint_ne(first.hash, other.hash);
}
END_TEST

START_TEST(any_size_can_be_drawn)
{
    const int sizes[][2] = {{1, 1}, {3, 200}, {200, 3}, {641, 479}, {1920, 1080}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct played played = play_with(film(1, sizes[i][0], sizes[i][1], 2));
        ck_assert_msg(played.frames == 2, "%s", played.error.message);
        ck_assert_int_eq(played.width, sizes[i][0]);
        ck_assert_int_eq(played.height, sizes[i][1]);
    }
    ck_assert_int_eq(play_with(film(1, 99999, 10, 2)).status, CAPTURE_FAILED);
}
END_TEST

START_TEST(cat_dog_and_nobody_come_in_turn)
{
    for (int seed = 0; seed < 20; seed++) {
        int seconds[3] = {0};
        const char *const labels[] = {"cat", "dog", "neither"};
        for (int second = 0; second < 6 * STORY_VISIT_S; second++) {
            struct scene scene;
            story_scene(seed, second, &scene);
            for (int i = 0; i < 3; i++)
                seconds[i] += strcmp(scene_truth(&scene, 640, 480), labels[i]) == 0;
        }
        ck_assert_int_ge(seconds[0], STORY_VISIT_S);
        ck_assert_int_ge(seconds[1], STORY_VISIT_S);
        ck_assert_int_ge(seconds[2], 2 * STORY_VISIT_S);
        ck_assert_int_eq(seconds[0] + seconds[1] + seconds[2], 6 * STORY_VISIT_S);
    }
}
END_TEST

static void draw(const struct scene *scene, struct image *image)
{
    struct error error;
    ck_assert(image_reserve(image, 320, 240, 3, &error));
    ck_assert(scene_draw(scene, image, &error));
}

/* Share of the pixels in which the scene differs from the same one without its animal. */
static double animal_share(const struct scene *scene)
{
    static struct image with, without;
    struct scene empty = *scene;
    empty.animal = SCENE_NOBODY;
    draw(scene, &with);
    draw(&empty, &without);
    int different = 0;
    for (int y = 0; y < 240; y++)
        for (int x = 0; x < 320; x++) {
            const uint8_t *a = with.data + y * with.stride + 3 * x;
            const uint8_t *b = without.data + y * without.stride + 3 * x;
            different += memcmp(a, b, 3) != 0;
        }
    return different / (320.0 * 240.0);
}

START_TEST(the_truth_is_what_is_drawn)
{
    int labelled = 0;
    for (int seed = 0; seed < 6; seed++)
        for (double time_s = 0.1; time_s < 3 * STORY_VISIT_S; time_s += 0.3) {
            struct scene scene;
            story_scene(seed, time_s, &scene);
            double share = animal_share(&scene);
            if (strcmp(scene_truth(&scene, 320, 240), "neither") != 0) {
                labelled++;
                ck_assert_msg(share > 0.04, "seed %d, %.1f s: %.3f", seed, time_s, share);
            } else {
                ck_assert_msg(share < 0.10, "seed %d, %.1f s: %.3f", seed, time_s, share);
            }
            if (scene_visible(&scene, 320, 240) == 0) /* but for the tail */
                ck_assert_msg(share < 0.03, "seed %d, %.1f s: %.3f", seed, time_s, share);
        }
    ck_assert_int_gt(labelled, 100);
}
END_TEST

START_TEST(frames_carry_the_truth)
{
    struct capture_settings settings = film(1, 160, 120, 0);
    struct error error = {0};
    settings.replay_speed = REPLAY_MAX;
    struct capture *capture = capture_open(&settings, &error);
    for (int i = 0; i < 10 * STORY_VISIT_S; i++) {
        struct frame *frame;
        struct scene scene;
        ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_FRAME);
        story_scene(1, i / 25.0, &scene);
        ck_assert_str_eq(frame->truth, scene_truth(&scene, 160, 120));
        frame_unref(&frame);
    }
    capture_close(capture);
}
END_TEST

TEST_MAIN(synthetic, the_same_seed_gives_the_same_bytes, any_size_can_be_drawn,
          cat_dog_and_nobody_come_in_turn, the_truth_is_what_is_drawn, frames_carry_the_truth)
