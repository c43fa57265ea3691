#include "capture/drawing.h"

#include "tests/suite.h"

#include <string.h>

enum { SIDE = 96 };

static const enum scene_animal animals[] = {SCENE_CAT, SCENE_DOG, SCENE_NOBODY};

static void render(const struct drawing *drawing, struct image *image)
{
    static struct image large;
    struct error error;
    ck_assert_msg(drawing_render(drawing, &large, image, &error), "%s", error.message);
}

static uint64_t hash(const struct drawing *drawing)
{
    static struct image image;
    uint64_t sum = 1469598103934665603u; /* FNV-1a */
    render(drawing, &image);
    for (int y = 0; y < image.height; y++)
        for (int x = 0; x < 3 * image.width; x++)
            sum = (sum ^ image.data[y * image.stride + x]) * 1099511628211u;
    return sum;
}

START_TEST(a_drawing_depends_on_seed_number_and_animal_alone)
{
    uint64_t hashes[8];
    for (unsigned i = 0; i < 8; i++) {
        struct drawing drawing = drawing_random(1 + i / 4, i % 4 / 2, animals[i % 2], SIDE);
        struct drawing again = drawing_random(1 + i / 4, i % 4 / 2, animals[i % 2], SIDE);
        hashes[i] = hash(&drawing);
        ck_assert_uint_eq(hash(&again), hashes[i]);
        for (unsigned j = 0; j < i; j++)
            ck_assert_uint_ne(hashes[i], hashes[j]);
    }
}
END_TEST

START_TEST(the_shorter_side_is_as_asked_and_shapes_differ)
{
    bool wide = false, square = false, tall = false;
    for (int i = 0; i < 60; i++) {
        struct drawing drawing = drawing_random(3, (uint64_t)i, SCENE_NOBODY, 240);
        int shorter = drawing.width < drawing.height ? drawing.width : drawing.height;
        ck_assert_int_eq(shorter, 240);
        ck_assert_int_ge(drawing.jpeg_quality, 1);
        ck_assert_int_le(drawing.jpeg_quality, 100);
        wide |= drawing.width == 426;
        square |= drawing.width == drawing.height;
        tall |= drawing.width < drawing.height;
    }
    ck_assert(wide && square && tall);
}
END_TEST

/* Share of the pixels in which the drawing differs from itself without the animal. */
static double animal_share(const struct drawing *drawing)
{
    static struct image with, without;
    struct drawing empty = *drawing;
    empty.scene.animal = SCENE_NOBODY;
    render(drawing, &with);
    render(&empty, &without);
    int different = 0;
    for (int y = 0; y < with.height; y++)
        for (int x = 0; x < with.width; x++)
            different += memcmp(with.data + y * with.stride + 3 * x,
                                without.data + y * without.stride + 3 * x, 3) != 0;
    return different / ((double)with.width * with.height);
}

/* Where the middle of the head is: in front of the body's middle, three quarters up. */
static bool shows_head(const struct drawing *drawing)
{
    const struct scene_pose *pose = &drawing->scene.pose;
    double aspect = (double)drawing->width / drawing->height;
    double x = pose->x + pose->facing * 0.28 * pose->height / aspect;
    double y = pose->y + 0.75 * pose->height;
    return x > 0 && x < 1 && y > 0 && y < 1;
}

START_TEST(animals_are_large_enough_to_be_named_and_nobody_is_nowhere)
{
    double least = 1, most = 0;
    int heads = 0;
    for (int i = 0; i < 600; i++) {
        struct drawing drawing = drawing_random(5, (uint64_t)i, animals[i % 3], SIDE);
        double share = animal_share(&drawing);
        if (animals[i % 3] == SCENE_NOBODY) {
            ck_assert_msg(share < 0.03, "%d: %.3f", i, share); /* a tail, in the film */
            continue;
        }
        ck_assert_int_eq(drawing.scene.animal, animals[i % 3]);
        ck_assert_msg(share > 0.03, "%d: %.3f", i, share);
        heads += shows_head(&drawing);
        least = share < least ? share : least;
        most = share > most ? share : most;
    }
    ck_assert_double_lt(least, 0.08);
    ck_assert_double_gt(most, 0.5);
    ck_assert_int_gt(heads, 370); /* of 400; the film shows some that are walking out */
}
END_TEST

/* The film of `make run` is part of what is drawn. */
START_TEST(a_good_share_are_moments_of_the_film)
{
    int bare = 0;
    for (int i = 0; i < 300; i++) {
        struct drawing drawing = drawing_random(7, (uint64_t)i, SCENE_CAT, SIDE);
        const struct scene *scene = &drawing.scene;
        bare += scene->thing_count == 0 && scene->pose.height >= 0.42 &&
                scene->pose.height <= 0.60 && scene->pose.y >= 0.06 && scene->pose.y <= 0.13;
    }
    ck_assert_int_gt(bare, 80);
    ck_assert_int_lt(bare, 180);
}
END_TEST

TEST_MAIN(drawing, a_drawing_depends_on_seed_number_and_animal_alone,
          the_shorter_side_is_as_asked_and_shapes_differ,
          animals_are_large_enough_to_be_named_and_nobody_is_nowhere,
          a_good_share_are_moments_of_the_film)
