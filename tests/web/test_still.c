#include "tests/web/fixture.h"

static struct reply reply;

START_TEST(the_newest_picture_is_served_whole)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    struct snapshot *snapshot = fixture_snapshot(200 * 1000);
    snapshot->wall_s = 1700000000.5000007; /* cut off, as in the stream */
    fixture_put(&fixture, snapshot);
    get(fixture.port, "GET /snapshot", &reply);
    ck_assert_int_eq(status_of(&reply), 200);
    ck_assert(has_header(&reply, "Content-Length: 200000"));
    ck_assert(has_header(&reply, "X-Timestamp: 1700000000.500000"));
    ck_assert(has_header(&reply, "Connection: close"));
    ck_assert_ptr_nonnull(strstr(reply.text, "no-store"));
    const char *body = body_of(&reply);
    ck_assert_uint_eq(reply.size - (size_t)(body - reply.text), 200 * 1000);
    ck_assert_int_eq(memcmp(body + 200 * 1000 - 2, "\xff\xd9", 2), 0);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(asking_makes_the_pipeline_encode)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 20, 1000);
    sleep_ms(100);
    get(fixture.port, "GET /snapshot.jpg", &reply);
    ck_assert_int_eq(status_of(&reply), 200);
    ck_assert(has_header(&reply, "Content-Length: 1000"));
    WAIT_FOR(slot_watchers(&fixture.slot) == 0, 1);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(without_a_picture_it_says_so_after_a_while)
{
    struct fixture fixture;
    fixture_start(&fixture);
    int64_t start_ns = clock_monotonic_ns();
    get(fixture.port, "GET /snapshot", &reply);
    ck_assert_int_eq(status_of(&reply), 503);
    ck_assert_double_ge((double)(clock_monotonic_ns() - start_ns) / NS_PER_S, 4);
    ck_assert_ptr_nonnull(strstr(body_of(&reply), "no picture"));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_waiting_client_does_not_hold_up_the_stop)
{
    struct fixture fixture;
    fixture_start(&fixture);
    int fd = ask(fixture.port, "GET /snapshot");
    WAIT_FOR(slot_watchers(&fixture.slot) == 1, 1);
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
    close(fd);
}
END_TEST

TEST_MAIN(still, the_newest_picture_is_served_whole, asking_makes_the_pipeline_encode,
          without_a_picture_it_says_so_after_a_while, a_waiting_client_does_not_hold_up_the_stop)
