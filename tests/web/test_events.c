#include "tests/web/fixture.h"

#include <jansson.h>

static struct reply reply;

static int count_of(const char *needle)
{
    int count = 0;
    for (const char *at = reply.text; (at = strstr(at, needle)); at++)
        count++;
    return count;
}

START_TEST(the_first_events_tell_everything_at_once)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(0));
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "event: prediction\ndata: {", 0.5));
    ck_assert(listen_for(fd, &reply, "}\n\n", 0.5));
    ck_assert(has_header(&reply, "Content-Type: text/event-stream"));
    ck_assert(has_header(&reply, "Connection: close"));
    ck_assert_ptr_nonnull(strstr(reply.text, "no-store"));
    ck_assert_ptr_null(strcasestr(reply.text, "Transfer-Encoding"));
    ck_assert_int_eq(strncmp(body_of(&reply), "retry: ", 7), 0);
    ck_assert_ptr_nonnull(strstr(reply.text, "event: source\ndata: {\"name\":\"test camera\""));

    json_t *data =
        json_loads(strstr(reply.text, "prediction\ndata: ") + 17, JSON_DISABLE_EOF_CHECK, NULL);
    const char *label;
    double cat;
    ck_assert_int_eq(json_unpack(data, "{s:s, s:{s:F}}", "label", &label, "scores", "cat", &cat),
                     0);
    ck_assert_str_eq(label, "cat");
    ck_assert_double_eq(cat, 0.9);
    json_decref(data);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0); /* no pictures are needed for this */
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_new_label_is_told_at_once)
{
    enum { CHANGES = 12 };
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(0));
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\"label\":\"cat\"", 0.5));
    reply.size = 0;
    for (int i = 0; i < CHANGES; i++) {
        struct snapshot *snapshot = fixture_snapshot(0);
        snapshot->prediction.label = fixture_classes[i % 2 ? 0 : 1];
        fixture_put(&fixture, snapshot);
        listen_for(fd, &reply, NULL, 0.06);
    }
    /* Scores alone come four times a second: three in this time. */
    int told = count_of("event: prediction\n");
    ck_assert_msg(told >= CHANGES * 7 / 10, "%d of %d changes were told", told, CHANGES);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(there_is_news_at_least_once_a_second)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(0)); /* and nothing ever after */
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    listen_for(fd, &reply, NULL, 3.5);
    ck_assert_int_ge(count_of("event: prediction\n"), 4);
    ck_assert_int_ge(count_of("event: source\n"), 4);
    ck_assert_int_le(count_of("event: "), 12);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(many_frames_do_not_make_many_events)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 10, 0);
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    listen_for(fd, &reply, NULL, 2.1);
    ck_assert_int_ge(count_of("event: prediction\n"), 5);
    ck_assert_int_le(count_of("event: prediction\n"), 10);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(loss_and_return_are_told_at_once)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(0));
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\"online\":true", 0.5));
    fixture_put(&fixture, fixture_lost_snapshot("unplugged"));
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "event: prediction\ndata: null\n\n", 0.6));
    ck_assert_ptr_nonnull(strstr(reply.text, "\"online\":false,\"lost\":\"unplugged\""));
    fixture_put(&fixture, fixture_snapshot(0));
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\"label\":\"cat\"", 0.6));
    ck_assert_ptr_nonnull(strstr(reply.text, "\"online\":true,\"lost\":null"));
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(before_the_first_frame_there_are_events_too)
{
    struct fixture fixture;
    fixture_start(&fixture);
    int fd = ask(fixture.port, "GET /events");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "event: prediction\ndata: null\n\n", 0.5));
    ck_assert_ptr_nonnull(strstr(reply.text, "\"online\":false"));
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
    close(fd);
}
END_TEST

TEST_MAIN(events, the_first_events_tell_everything_at_once, a_new_label_is_told_at_once,
          there_is_news_at_least_once_a_second, many_frames_do_not_make_many_events,
          loss_and_return_are_told_at_once, before_the_first_frame_there_are_events_too)
