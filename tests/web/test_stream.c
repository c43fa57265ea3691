#include "tests/web/fixture.h"

#include <limits.h>

static struct reply reply;

static const char boundary_line[] = "--boundarydonotcross\r\n";

START_TEST(headers_are_what_clients_expect)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    static const char multipart[] =
        "Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross";
    static const char *const targets[][2] = {
        {"GET /stream", multipart},
        {"GET /stream.mjpg?1", multipart},
        {"GET /?action=stream&x=1", multipart},
        {"GET /stream.bin", "Content-Type: application/octet-stream"}};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int fd = ask(fixture.port, targets[i][0]);
        reply.size = 0;
        ck_assert(listen_for(fd, &reply, "\xff\xd9", 5));
        ck_assert_int_eq(status_of(&reply), 200);
        ck_assert(has_header(&reply, targets[i][1]));
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

enum { VIEWERS = 20, STUCK = 2, WATCH_MS = 3000 };

struct viewer_thread {
    pthread_t thread;
    struct fixture *fixture;
    int pictures;  /* seen */
    int published; /* from this viewer's first picture on; connecting takes its time */
};

/* How many pictures the slot has had so far. */
static int64_t count_published(struct fixture *fixture)
{
    uint64_t version = 0;
    struct snapshot *newest = (struct snapshot *)slot_peek(&fixture->slot, &version, 0);
    snapshot_unref(&newest);
    return (int64_t)version;
}

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
    int fd = ask(viewer->fixture->port, "GET /stream");
    static const size_t size = 512 * 1024;
    char *bytes = malloc(size);
    int64_t end_ns = clock_monotonic_ns() + (int64_t)WATCH_MS * NS_PER_MS;
    int64_t before = -1; /* pictures published before the first that was seen */
    while (clock_monotonic_ns() < end_ns) {
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (poll(&pollfd, 1, 100) <= 0)
            continue;
        ssize_t count = recv(fd, bytes, size, 0);
        if (count <= 0)
            break;
        viewer->pictures += count_pictures(bytes, (size_t)count);
        if (before < 0 && viewer->pictures > 0)
            before = count_published(viewer->fixture) - viewer->pictures;
    }
    viewer->published = before < 0 ? INT_MAX : (int)(count_published(viewer->fixture) - before);
    free(bytes);
    close(fd);
    return NULL;
}

/* Milliseconds from picture to picture. Under valgrind one thread runs at a time, slowly: there, 20
 * viewers cannot have the rate of a camera. */
static int picture_period_ms(void)
{
    return getenv("PAWCAM_TEST_WRAPPER") ? 200 : 40;
}

START_TEST(stuck_viewers_delay_nobody)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, picture_period_ms(), 20 * 1000);
    int stuck[STUCK];
    for (int i = 0; i < STUCK; i++)
        stuck[i] = ask(fixture.port, "GET /stream"); /* never reads */
    struct viewer_thread viewers[VIEWERS];
    for (int i = 0; i < VIEWERS; i++) {
        viewers[i] = (struct viewer_thread){.fixture = &fixture};
        pthread_create(&viewers[i].thread, NULL, view, &viewers[i]);
    }
    for (int i = 0; i < VIEWERS; i++)
        pthread_join(viewers[i].thread, NULL);
    for (int i = 0; i < VIEWERS; i++)
        ck_assert_msg(viewers[i].pictures >= viewers[i].published * 0.8,
                      "viewer %d got %d of %d pictures", i, viewers[i].pictures,
                      viewers[i].published);
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
