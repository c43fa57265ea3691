#include "tests/web/fixture.h"

static struct reply reply;

static const char boundary_line[] = "--boundarydonotcross\r\n";

START_TEST(headers_are_what_clients_expect)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    static const char *const targets[] = {"GET /stream", "GET /stream.mjpg?1",
                                          "GET /?action=stream&x=1"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int fd = ask(fixture.port, targets[i]);
        reply.size = 0;
        ck_assert(listen_for(fd, &reply, "\xff\xd9", 5));
        ck_assert_int_eq(status_of(&reply), 200);
        ck_assert(has_header(
            &reply, "Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross"));
        ck_assert(has_header(&reply, "Cache-Control: no-store, no-cache, must-revalidate, "
                                     "pre-check=0, post-check=0, max-age=0"));
        ck_assert(has_header(&reply, "Pragma: no-cache"));
        ck_assert(has_header(&reply, "Expires: 0"));
        ck_assert(has_header(&reply, "Connection: close"));
        ck_assert_ptr_null(strcasestr(reply.text, "Transfer-Encoding"));
        ck_assert_int_eq(memcmp(body_of(&reply), boundary_line, strlen(boundary_line)), 0);
        close(fd);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_part_is_followed_by_the_next_boundary_at_once)
{
    enum { SIZE = 300 * 1000 }; /* more than one block */
    struct fixture fixture;
    fixture_start(&fixture);
    struct snapshot *snapshot = fixture_snapshot(SIZE);
    snapshot->wall_s = 1700000000.25;
    char *picture = malloc(SIZE);
    memcpy(picture, snapshot->jpeg, SIZE);
    fixture_put(&fixture, snapshot);

    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    /* No other picture is put: the boundary behind it must not wait for one, nor for the repeat. */
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n--boundarydonotcross\r\n", 0.5));
    static const char head[] = "--boundarydonotcross\r\n"
                               "Content-Type: image/jpeg\r\n"
                               "Content-Length: 300000\r\n"
                               "X-Timestamp: 1700000000.250000\r\n\r\n";
    const char *body = body_of(&reply);
    ck_assert_int_eq(memcmp(body, head, sizeof head - 1), 0);
    ck_assert_int_eq(memcmp(body + sizeof head - 1, picture, SIZE), 0);
    ck_assert_uint_eq(reply.size - (size_t)(body - reply.text),
                      sizeof head - 1 + SIZE + strlen("\r\n--boundarydonotcross\r\n"));
    close(fd);
    free(picture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(an_idle_picture_is_repeated_about_once_a_second)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_lost_snapshot("unplugged"));
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 0.5));
    reply.size = 0;
    int64_t start_ns = clock_monotonic_ns();
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 3));
    double seconds = (double)(clock_monotonic_ns() - start_ns) / NS_PER_S;
    ck_assert_double_ge(seconds, 0.8);
    ck_assert_double_le(seconds, 2);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(only_watchers_make_pictures)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 10, 1000);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 2)); /* snapshots without one are skipped */
    ck_assert_ptr_null(strstr(reply.text, "Content-Length: 0"));
    ck_assert_int_eq(slot_watchers(&fixture.slot), 1);
    close(fd);
    WAIT_FOR(slot_watchers(&fixture.slot) == 0, 2);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_viewer_who_leaves_before_the_first_picture_is_noticed)
{
    struct fixture fixture;
    fixture_start(&fixture);
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, boundary_line, 1));
    WAIT_FOR(slot_watchers(&fixture.slot) == 1, 2);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 1);
    close(fd);
    WAIT_FOR(slot_watchers(&fixture.slot) == 0, 3);
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    fixture_stop(&fixture);
}
END_TEST

static double newest_timestamp(const struct reply *from)
{
    const char *found = NULL;
    static const char name[] = "\nX-Timestamp: ";
    for (const char *at = from->text;
         (at = memmem(at, from->size - (size_t)(at - from->text), name, sizeof name - 1)); at++)
        found = at + sizeof name - 1;
    return found ? strtod(found, NULL) : 0;
}

START_TEST(a_viewer_that_stalled_goes_on_with_the_newest_picture)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 20, 40 * 1000);
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 2));
    sleep_ms(3000); /* 150 pictures, 6 MB */
    /* What the kernel holds already is old; it must be little, and then come the newest. */
    size_t old_bytes = 0;
    double lag_s = 10;
    while (lag_s > 0.5) {
        reply.size = 0;
        ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 2));
        old_bytes += reply.size;
        double timestamp = newest_timestamp(&reply);
        if (timestamp > 0)
            lag_s = clock_wall_s() - timestamp;
    }
    ck_assert_uint_le(old_bytes, 1000 * 1000);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

enum { VIEWERS = 20, STUCK = 2, PERIOD_MS = 40, WATCH_MS = 3000 };

struct viewer_thread {
    pthread_t thread;
    int port;
    int pictures;
};

static int count_pictures(const char *bytes, size_t size)
{
    int count = 0;
    const char *end = bytes + size;
    while ((bytes = memmem(bytes, (size_t)(end - bytes), "Content-Length:", 15))) {
        bytes++;
        count++;
    }
    return count;
}

static void *view(void *argument)
{
    struct viewer_thread *viewer = argument;
    int fd = ask(viewer->port, "GET /stream");
    static const size_t size = 512 * 1024;
    char *bytes = malloc(size);
    int64_t end_ns = clock_monotonic_ns() + (int64_t)WATCH_MS * NS_PER_MS;
    while (clock_monotonic_ns() < end_ns) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, 100) <= 0)
            continue;
        ssize_t count = recv(fd, bytes, size, 0);
        if (count <= 0)
            break;
        viewer->pictures += count_pictures(bytes, (size_t)count);
    }
    free(bytes);
    close(fd);
    return NULL;
}

START_TEST(stuck_viewers_delay_nobody)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, PERIOD_MS, 20 * 1000);
    int stuck[STUCK];
    for (int i = 0; i < STUCK; i++)
        stuck[i] = ask(fixture.port, "GET /stream"); /* never reads */
    struct viewer_thread viewers[VIEWERS];
    struct snapshot *first = NULL, *last = NULL;
    uint64_t version = 0;
    WAIT_FOR((first = (struct snapshot *)slot_peek(&fixture.slot, &version, 0)), 1);
    uint64_t before = version;
    snapshot_unref(&first);
    for (int i = 0; i < VIEWERS; i++) {
        viewers[i] = (struct viewer_thread){.port = fixture.port};
        pthread_create(&viewers[i].thread, NULL, view, &viewers[i]);
    }
    for (int i = 0; i < VIEWERS; i++)
        pthread_join(viewers[i].thread, NULL);
    version = 0;
    last = (struct snapshot *)slot_peek(&fixture.slot, &version, 0);
    snapshot_unref(&last);
    int published = (int)(version - before);
    for (int i = 0; i < VIEWERS; i++)
        ck_assert_msg(viewers[i].pictures >= published * 8 / 10, "viewer %d got %d of %d pictures",
                      i, viewers[i].pictures, published);
    /* Nobody reads any more, two never did: stopping waits for none of them. */
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
    for (int i = 0; i < STUCK; i++)
        close(stuck[i]);
}
END_TEST

START_TEST(the_stream_ends_when_the_slot_is_closed)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, "\xff\xd9\r\n", 2));
    slot_close(&fixture.slot);
    ck_assert(listen_for(fd, &reply, NULL, 0.5));
    close(fd);
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
}
END_TEST

TEST_MAIN(stream, headers_are_what_clients_expect, a_part_is_followed_by_the_next_boundary_at_once,
          an_idle_picture_is_repeated_about_once_a_second, only_watchers_make_pictures,
          a_viewer_who_leaves_before_the_first_picture_is_noticed,
          a_viewer_that_stalled_goes_on_with_the_newest_picture, stuck_viewers_delay_nobody,
          the_stream_ends_when_the_slot_is_closed)
