#include "classify/classifier.h"

#include "tests/nn/build.h"
#include "tests/suite.h"

enum { CAT, DOG, NEITHER, SIDE = LEFT_RIGHT_SIDE };

static const char *const with_neither[] = {"cat", "dog", "neither"};

static struct classifier *classifier_of(const struct model *model, enum views_mode mode)
{
    struct error error = {0};
    struct classifier *classifier = classifier_create(model, "reference", mode, &error);
    ck_assert_msg(classifier != NULL, "%s", error.message);
    return classifier;
}

/* In B, G, R; red in the left half. */
static void fill_red_left(uint8_t *bgr, int width, int height)
{
    memset(bgr, 0, (size_t)(3 * width * height));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width / 2; x++)
            bgr[3 * (y * width + x) + 2] = 255;
}

static void run_frame_at(struct classifier *classifier, int width, int height, uint64_t sequence,
                         double time_s, struct looks *looks)
{
    struct error error = {0};
    struct frame *frame =
        frame_create(PIXEL_BGR24, width, height, 3 * width, (size_t)(3 * width * height));
    ck_assert_ptr_nonnull(frame);
    fill_red_left(frame->data, width, height);
    frame->sequence = sequence;
    frame->time_s = time_s;
    ck_assert_msg(classifier_run(classifier, frame, looks, NULL, &error), "%s", error.message);
    frame_unref(&frame);
}

static void run_frame(struct classifier *classifier, int width, int height, uint64_t sequence,
                      struct looks *looks)
{
    run_frame_at(classifier, width, height, sequence, (double)sequence / 100, looks);
}

static void look_at(struct classifier *classifier, int width, int height, struct looks *looks)
{
    struct error error = {0};
    uint8_t pixels[16 * 16 * 3];
    const struct image picture = {pixels, width, height, 3, 3 * width, 0};
    fill_red_left(pixels, width, height);
    ck_assert_msg(classifier_look(classifier, &picture, looks, &error), "%s", error.message);
}

/* Left is a cat, and mirrored a dog. */
START_TEST(a_frame_is_looked_at_both_ways_round)
{
    struct model *model = left_right_model(with_neither, 3);
    struct classifier *classifier = classifier_of(model, VIEWS_PARTS);
    struct looks looks;
    run_frame(classifier, 8, 8, 1, &looks);
    ck_assert_int_eq(looks.views.count, 2);
    ck_assert_int_eq(looks.count, 2);
    ck_assert_double_gt(looks.list[0].scores[CAT], 0.8);
    ck_assert_double_gt(looks.list[1].scores[DOG], 0.8);
    for (uint64_t sequence = 2; sequence <= 5; sequence++) { /* in turn */
        run_frame(classifier, 8, 8, sequence, &looks);
        ck_assert_int_eq(looks.count, 1);
        ck_assert_int_eq(looks.list[0].view, (int)(sequence % 2));
        ck_assert_double_gt(looks.list[0].scores[sequence % 2 ? DOG : CAT], 0.8);
    }
    classifier_reset(classifier);
    run_frame(classifier, 8, 8, 6, &looks);
    ck_assert_int_eq(looks.count, 2);
    classifier_destroy(classifier);
    model_destroy(model);
}
END_TEST

/* Two views, twice a second; the gap in the numbers is no haste. */
START_TEST(a_damaged_frame_costs_no_views)
{
    struct model *model = left_right_model(with_neither, 3);
    struct classifier *classifier = classifier_of(model, VIEWS_PARTS);
    struct error error;
    struct looks looks;
    struct frame *damaged = frame_create(PIXEL_JPEG, 8, 8, 0, 3);
    ck_assert_ptr_nonnull(damaged);
    memcpy(damaged->data, "bad", 3);
    damaged->sequence = 3;
    run_frame(classifier, 8, 8, 1, &looks);
    run_frame(classifier, 8, 8, 2, &looks);
    ck_assert(!classifier_run(classifier, damaged, &looks, NULL, &error));
    run_frame_at(classifier, 8, 8, 4, 0.6, &looks);
    ck_assert_int_eq(looks.count, 2);
    run_frame_at(classifier, 8, 8, 6, 1.2, &looks); /* but 5 was dropped */
    ck_assert_int_eq(looks.count, 1);
    frame_unref(&damaged);
    classifier_destroy(classifier);
    model_destroy(model);
}
END_TEST

START_TEST(a_picture_is_looked_at_from_all_views)
{
    struct model *model = left_right_model(with_neither, 3);
    struct classifier *classifier = classifier_of(model, VIEWS_CLOSER);
    struct looks looks;
    look_at(classifier, 16, 9, &looks);
    ck_assert_int_eq(looks.count, 24);
    for (int i = 0; i < looks.count; i++)
        ck_assert_int_eq(looks.list[i].view, i);
    ck_assert_double_gt(looks.list[0].scores[CAT], 0.8);
    ck_assert_double_gt(looks.list[12].scores[DOG], 0.8);
    ck_assert_double_gt(looks.list[1].scores[CAT], looks.list[1].scores[NEITHER]); /* all red */
    ck_assert_double_lt(looks.list[7].scores[CAT], 0.34); /* a near one: no red */
    classifier_destroy(classifier);
    model_destroy(model);
}
END_TEST

START_TEST(the_whole_is_never_mirrored)
{
    struct model *model = left_right_model(with_neither, 3);
    struct classifier *classifier = classifier_of(model, VIEWS_WHOLE);
    struct looks looks;
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        run_frame(classifier, 8, 8, sequence, &looks);
        ck_assert_double_gt(looks.list[0].scores[CAT], 0.8);
    }
    look_at(classifier, 8, 8, &looks);
    ck_assert_double_gt(looks.list[0].scores[CAT], 0.8);
    classifier_destroy(classifier);
    model_destroy(model);
}
END_TEST

/* A digit is another one mirrored, and of a piece of carpet a model that knows cats and dogs only
 * would have to say which it is. */
START_TEST(without_neither_the_whole_is_all)
{
    static const char *const classes[] = {"cat", "dog"};
    struct model *model = left_right_model(classes, 2);
    struct classifier *classifier = classifier_of(model, VIEWS_CLOSER);
    struct looks looks;
    for (uint64_t sequence = 1; sequence <= 2; sequence++) {
        run_frame(classifier, 16, 9, sequence, &looks);
        ck_assert_int_eq(looks.views.count, 1);
        ck_assert_double_gt(looks.list[0].scores[CAT], 0.8);
    }
    ck_assert_int_eq(classifier_nobody(model), POOL_NO_CLASS);
    ck_assert_int_eq(classifier_min_side(classifier), SIDE);
    classifier_destroy(classifier);
    model_destroy(model);
}
END_TEST

/* Each of several sigmoids is about its own class: there are no odds between them. */
START_TEST(several_sigmoids_have_nobody)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, with(dense(3), ACTIVATION_SIGMOID));
    finish(model);
    ck_assert(model_set_classes(model, with_neither, 3, NULL));
    ck_assert_int_eq(classifier_nobody(model), POOL_NO_CLASS);
    ck_assert_int_eq(classifier_mode(model, VIEWS_CLOSER), VIEWS_WHOLE);
    model_destroy(model);
}
END_TEST

TEST_MAIN(classifier, a_frame_is_looked_at_both_ways_round, a_damaged_frame_costs_no_views,
          a_picture_is_looked_at_from_all_views, the_whole_is_never_mirrored,
          without_neither_the_whole_is_all, several_sigmoids_have_nobody)
