#include "classify/views.h"

#include "tests/suite.h"

#include <stdbool.h>

static void check_place(const struct views *views, int view, int x, int y, int width, int height)
{
    const struct rectangle place = views_place(views, view);
    ck_assert_msg(place.x == x && place.y == y && place.width == width && place.height == height,
                  "view %d of %d: %dx%d at (%d, %d), not %dx%d at (%d, %d)", view, views->count,
                  place.width, place.height, place.x, place.y, width, height, x, y);
}

START_TEST(a_wide_frame_has_squares_from_left_to_right)
{
    struct views views = views_of(VIEWS_PARTS, 640, 360, 128, 128);
    ck_assert_int_eq(views.places, 4);
    check_place(&views, 0, 0, 0, 640, 360);
    check_place(&views, 1, 0, 0, 360, 360);
    check_place(&views, 2, 140, 0, 360, 360);
    check_place(&views, 3, 280, 0, 360, 360);
    views = views_of(VIEWS_PARTS, 640, 480, 128, 128);
    ck_assert_int_eq(views.places, 3);
    check_place(&views, 1, 0, 0, 480, 480);
    check_place(&views, 2, 160, 0, 480, 480);
}
END_TEST

START_TEST(a_tall_frame_has_squares_from_the_top_down)
{
    const struct views views = views_of(VIEWS_PARTS, 90, 160, 32, 32);
    ck_assert_int_eq(views.places, 4);
    check_place(&views, 1, 0, 0, 90, 90);
    check_place(&views, 3, 0, 70, 90, 90);
}
END_TEST

/* What counts is the frame's shape beside the network's. */
START_TEST(parts_have_the_shape_of_the_network)
{
    const struct views views = views_of(VIEWS_PARTS, 400, 100, 64, 32);
    check_place(&views, 1, 0, 0, 200, 100);
    check_place(&views, views.places - 1, 200, 0, 200, 100);
    ck_assert_int_eq(views_of(VIEWS_PARTS, 200, 100, 64, 32).places, 1);
}
END_TEST

START_TEST(near_views_come_after_the_parts)
{
    struct views views = views_of(VIEWS_CLOSER, 640, 360, 128, 128);
    ck_assert_int_eq(views.places, 4 + 4 * 2);
    check_place(&views, 3, 280, 0, 360, 360);
    check_place(&views, 4, 0, 0, 216, 216);
    check_place(&views, 5, 141, 0, 216, 216);
    check_place(&views, 7, 424, 0, 216, 216);
    check_place(&views, 8, 0, 144, 216, 216);
    check_place(&views, 11, 424, 144, 216, 216);
    ck_assert_int_eq(views_of(VIEWS_CLOSER, 1024, 1024, 128, 128).places, 1 + 2 * 2);
    views = views_of(VIEWS_CLOSER, 100, 100, 128, 128); /* no parts */
    ck_assert_int_eq(views.places, 1 + 2 * 2);
    check_place(&views, 1, 0, 0, 60, 60);
    check_place(&views, 4, 40, 40, 60, 60);
}
END_TEST

/* A near view of the smallest picture that a JPEG may be decoded to is no enlargement. */
START_TEST(closer_wants_larger_pictures)
{
    ck_assert_int_eq(views_min_side(VIEWS_PARTS, 128, 96), 128);
    const int side = views_min_side(VIEWS_CLOSER, 128, 128);
    ck_assert_int_eq(side, 214);
    ck_assert_int_ge(views_of(VIEWS_CLOSER, side * 16 / 9, side, 128, 128).near_width, 128);
}
END_TEST

/* Unless the frame is so long that there would be too many. */
START_TEST(near_views_leave_nothing_out)
{
    static const int sizes[][2] = {{640, 480}, {1920, 1080}, {90, 160},   {128, 128}, {641, 359},
                                   {374, 500}, {1024, 1280}, {682, 1024}, {299, 400}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int width = sizes[i][0], height = sizes[i][1];
        const struct views views = views_of(VIEWS_CLOSER, width, height, 128, 128);
        for (int y = 0; y < height; y += 7)
            for (int x = 0; x < width; x += 7) {
                bool seen = false;
                for (int view = 1 + views.parts; view < views.places; view++) {
                    const struct rectangle p = views_place(&views, view);
                    seen =
                        seen || (x >= p.x && x < p.x + p.width && y >= p.y && y < p.y + p.height);
                }
                ck_assert_msg(seen, "(%d, %d) of %dx%d", x, y, width, height);
            }
    }
}
END_TEST

START_TEST(the_whole_is_enough)
{
    ck_assert_int_eq(views_of(VIEWS_WHOLE, 640, 360, 128, 128).count, 1);
    ck_assert_int_eq(views_of(VIEWS_PARTS, 128, 128, 128, 128).places, 1);
    ck_assert_int_eq(views_of(VIEWS_PARTS, 120, 100, 128, 128).places, 1);
    ck_assert_int_eq(views_of(VIEWS_PARTS, 100, 120, 128, 128).places, 1);
}
END_TEST

START_TEST(parts_of_any_shape_lie_in_the_frame_and_cover_it)
{
    static const int sides[] = {1, 2, 3, 7, 100, 129, 640, 1081, 16384};
    enum { COUNT = sizeof sides / sizeof *sides };
    for (int i = 0; i < 2 * COUNT * COUNT; i++) {
        const int width = sides[i / 2 / COUNT], height = sides[i / 2 % COUNT];
        const enum views_mode mode = i % 2 ? VIEWS_CLOSER : VIEWS_PARTS;
        const struct views views = views_of(mode, width, height, 128, 128);
        ck_assert_int_ge(views.count, 1);
        ck_assert_int_le(views.count, VIEWS_MAX);
        for (int view = 0; view < views.count; view++) {
            const struct rectangle place = views_place(&views, view);
            ck_assert(place.x >= 0 && place.y >= 0 && place.width > 0 && place.height > 0);
            ck_assert(place.x + place.width <= width && place.y + place.height <= height);
        }
        const struct rectangle last = views_place(&views, views.count - 1);
        ck_assert(last.x + last.width == width && last.y + last.height == height);
    }
}
END_TEST

/* Views of which only the number counts. */
static struct views some(int count)
{
    return (struct views){.count = count, .places = count / 2};
}

/* The next frame of a source. */
static void check_turn(struct turns *turns, int count, double time_s, int first, int due)
{
    const struct views views = some(count);
    int list[VIEWS_MAX];
    ck_assert_int_eq(turns_take(turns, &views, time_s, turns->sequence + 1, list), due);
    for (int i = 0; i < due; i++)
        ck_assert_int_eq(list[i], (first + i) % count);
}

START_TEST(one_view_a_frame_in_turn)
{
    struct turns turns = {0};
    check_turn(&turns, 4, 10, 0, 4); /* the first: all */
    for (int i = 1; i < 10; i++)
        check_turn(&turns, 4, 10 + i / 30.0, (i - 1) % 4, 1);
    check_turn(&turns, 4, 5, 0, 4);           /* time ran backwards */
    check_turn(&turns, 6, 5 + 1 / 30., 0, 6); /* another number */
    check_turn(&turns, 2, 5 + 2 / 30., 0, 2);
    check_turn(&turns, 2, 5 + 3 / 30., 0, 1);
}
END_TEST

/* Each is seen twice a second, also at the same time as the frame before. */
START_TEST(more_views_a_frame_from_a_slow_source)
{
    struct turns turns = {0};
    check_turn(&turns, 4, 0, 0, 4);
    check_turn(&turns, 4, 0.2, 0, 1); /* 1.6 are due */
    check_turn(&turns, 4, 0.4, 1, 2); /* 0.6 and 1.6 */
    check_turn(&turns, 4, 1.0, 3, 4);
    check_turn(&turns, 4, 1.0 + VIEWS_GAP_S, 3, 4);
    check_turn(&turns, 4, 1.0 + VIEWS_GAP_S, 3, 1);
}
END_TEST

START_TEST(a_rate_in_between_costs_what_it_asks_for)
{
    const struct views views = some(8);
    struct turns turns = {0};
    int list[VIEWS_MAX], looks = 0;
    for (int i = 0; i < 150; i++) /* 10 s of 15 frames a second; twice a second are 16 */
        looks += turns_take(&turns, &views, i / 15.0, (uint64_t)i + 1, list);
    ck_assert_int_ge(looks, 158);
    ck_assert_int_le(looks, 168);
}
END_TEST

/* Of a source faster than this machine some frames are dropped: no reason to do more with each, nor
 * with the next ones, which would only be dropped again. */
START_TEST(one_view_where_frames_were_dropped)
{
    const struct views views = some(24);
    struct turns turns = {0};
    int list[VIEWS_MAX];
    ck_assert_int_eq(turns_take(&turns, &views, 0, 1, list), 24);
    ck_assert_int_eq(turns_take(&turns, &views, 0.125, 4, list), 6); /* the first took its time */
    ck_assert_int_eq(turns_take(&turns, &views, 0.5, 6, list), 1);
    ck_assert_int_eq(list[0], 6);
    ck_assert_int_eq(turns_take(&turns, &views, 1, 7, list), 1);
    ck_assert_int_eq(turns_take(&turns, &views, 5.4, 8, list), 1);
    ck_assert_int_eq(list[0], 8);
    ck_assert_int_eq(turns_take(&turns, &views, 5.6, 9, list), 9);
}
END_TEST

/* A frame that could not be decoded was not dropped. */
START_TEST(damaged_frames_are_no_sign_of_haste)
{
    const struct views views = some(24);
    struct turns turns = {0};
    int list[VIEWS_MAX];
    ck_assert_int_eq(turns_take(&turns, &views, 0, 1, list), 24);
    ck_assert_int_eq(turns_take(&turns, &views, 0.125, 2, list), 6);
    turns_skip(&turns, 3);
    ck_assert_int_eq(turns_take(&turns, &views, 0.375, 4, list), 12);
    turns_skip(&turns, 6); /* but 5 was */
    ck_assert_int_eq(turns_take(&turns, &views, 0.5, 7, list), 1);
}
END_TEST

/* Nothing that was seen before is seen now: all views at once. */
START_TEST(all_views_where_a_source_begins_anew)
{
    const struct views wide = views_of(VIEWS_PARTS, 640, 360, 128, 128);
    const struct views tall = views_of(VIEWS_PARTS, 360, 640, 128, 128);
    struct turns turns = {0};
    int list[VIEWS_MAX];
    ck_assert_int_eq(wide.count, tall.count);
    ck_assert(!views_same(&wide, &tall) && views_same(&wide, &wide));
    ck_assert_int_eq(turns_take(&turns, &wide, 0, 1, list), 8);
    ck_assert_int_eq(turns_take(&turns, &wide, 0.01, 2, list), 1);
    ck_assert_int_eq(turns_take(&turns, &tall, 0.02, 3, list), 8);
    ck_assert_int_eq(turns_take(&turns, &tall, 0.03, 1, list), 8);                   /* number */
    ck_assert_int_eq(turns_take(&turns, &tall, 0.04 + VIEWS_GAP_S, 2, list), 8);     /* a gap */
    ck_assert_int_eq(turns_take(&turns, &tall, 0.05 + 2 * VIEWS_GAP_S, 9, list), 8); /* both */
    ck_assert_int_eq(turns_take(&turns, &tall, 0.06 + 2 * VIEWS_GAP_S, 10, list), 1);
}
END_TEST

START_TEST(each_place_is_looked_at_mirrored_as_well)
{
    const struct views views = views_of(VIEWS_CLOSER, 640, 360, 128, 128);
    ck_assert_int_eq(views.count, 2 * views.places);
    for (int view = 0; view < views.count; view++)
        ck_assert(views_mirrored(&views, view) == (view >= 12));
    check_place(&views, 12, 0, 0, 640, 360);
    check_place(&views, 13 + 3, 0, 0, 216, 216);
    const struct views whole = views_of(VIEWS_WHOLE, 640, 360, 128, 128);
    ck_assert(whole.count == 1 && !views_mirrored(&whole, 0));
}
END_TEST

TEST_MAIN(views, a_wide_frame_has_squares_from_left_to_right,
          a_tall_frame_has_squares_from_the_top_down, parts_have_the_shape_of_the_network,
          near_views_come_after_the_parts, near_views_leave_nothing_out,
          closer_wants_larger_pictures, the_whole_is_enough,
          each_place_is_looked_at_mirrored_as_well,
          parts_of_any_shape_lie_in_the_frame_and_cover_it, one_view_a_frame_in_turn,
          more_views_a_frame_from_a_slow_source, a_rate_in_between_costs_what_it_asks_for,
          one_view_where_frames_were_dropped, damaged_frames_are_no_sign_of_haste,
          all_views_where_a_source_begins_anew)
