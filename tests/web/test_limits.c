#include "tests/web/fixture.h"

static struct reply reply;

/* --- where it listens ------------------------------------------------------------------------- */

static void expect_no_start(struct web_settings settings, int code, const char *words)
{
    struct slot slot;
    struct error error = {0};
    slot_init(&slot);
    ck_assert_ptr_null(web_start(&settings, &slot, &error));
    ck_assert_int_eq(error.code, code);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s", error.message);
    slot_finish(&slot);
}

START_TEST(it_listens_beyond_loopback_only_when_allowed)
{
    static const char *const remote[] = {"0.0.0.0", "::", "::ffff:0.0.0.0", "192.0.2.1"};
    struct web_settings settings = fixture_settings();
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
        settings.listen = remote[i];
        expect_no_start(settings, EXIT_CODE_USAGE, "allow-remote");
    }
    struct fixture fixture;
    settings.listen = "0.0.0.0";
    settings.allow_remote = true;
    fixture_start_with(&fixture, &settings);
    answer_to(fixture.port, "GET /state HTTP/1.1\r\nHost: cam.example\r\n\r\n", &reply);
    ck_assert_int_eq(status_of(&reply), 200);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(what_it_cannot_listen_on_is_named)
{
    struct web_settings settings = fixture_settings();
    settings.listen = "camera.example";
    expect_no_start(settings, EXIT_CODE_USAGE, "'camera.example': not an IP address");
    settings.listen = "192.0.2.1";
    settings.allow_remote = true;
    expect_no_start(settings, EXIT_CODE_RUNTIME, "does not have that address");
    settings.listen = "127.0.0.1";
    settings.port = 65536;
    expect_no_start(settings, EXIT_CODE_USAGE, "65536");

    struct fixture fixture;
    fixture_start(&fixture);
    settings.port = fixture.port;
    expect_no_start(settings, EXIT_CODE_RUNTIME, "another program uses that port");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(it_serves_ipv6)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        puts("no IPv6 on this machine");
        return;
    }
    close(fd);
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.listen = "::1";
    fixture_start_with(&fixture, &settings);
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    address.sin6_port = htons((uint16_t)fixture.port);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    say(fd, "GET /state HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, NULL, 2));
    ck_assert_int_eq(status_of(&reply), 200);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

/* --- how many --------------------------------------------------------------------------------- */

static void expect_status(int fd, int status, const char *words)
{
    reply.size = 0;
    ck_assert(listen_for(fd, &reply, NULL, 3));
    ck_assert_msg(status_of(&reply) == status, "%s", reply.text);
    ck_assert_msg(strstr(reply.text, words) != NULL, "%s", reply.text);
}

static void ask_state(int fd)
{
    say(fd, "GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

START_TEST(one_address_gets_so_many_connections)
{
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.max_clients_per_address = 2;
    fixture_start_with(&fixture, &settings);
    int first = dial(fixture.port), second = dial(fixture.port), third = dial(fixture.port);
    sleep_ms(50); /* the refusal is on its way before the request is; that must not reset it */
    ck_assert_int_eq(send(third, "GET /state ", 11, MSG_NOSIGNAL), 11);
    sleep_ms(50);
    ck_assert_int_eq(send(third, "HTTP/1.1\r\n\r\n", 12, MSG_NOSIGNAL), 12);
    expect_status(third, 503, "from your address");
    ck_assert(has_header(&reply, "Retry-After: 5"));
    close(third);

    int other = dial_from("127.0.0.2", fixture.port);
    ask_state(other);
    expect_status(other, 200, "\"ok\":true");
    close(other);

    close(first); /* makes room */
    int status = 0;
    WAIT_FOR((get(fixture.port, "GET /state", &reply), status = status_of(&reply)) == 200, 2);
    ck_assert_int_eq(status, 200);
    close(second);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(there_are_so_many_connections_in_all)
{
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.max_clients = 2;
    fixture_start_with(&fixture, &settings);
    int first = dial_from("127.0.0.2", fixture.port);
    int second = dial_from("127.0.0.3", fixture.port);
    int third = dial_from("127.0.0.4", fixture.port);
    ask_state(third);
    expect_status(third, 503, "too many connections");
    close(third);

    settings.max_clients = 3; /* a reload applies at once */
    web_reload(fixture.web, &settings);
    third = dial_from("127.0.0.4", fixture.port);
    ask_state(third);
    expect_status(third, 200, "\"ok\":true");
    close(first);
    close(second);
    close(third);
    fixture_stop(&fixture);
}
END_TEST

/* --- how long --------------------------------------------------------------------------------- */

/* Seconds until the server ends the connection, sending one byte of `drip` every 50 ms. */
static double seconds_to_end(int fd, const char *drip)
{
    int64_t start_ns = clock_monotonic_ns();
    for (int i = 0; i < 100; i++) {
        if (*drip && send(fd, drip++, 1, MSG_NOSIGNAL) != 1)
            break;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        char byte;
        if (poll(&pollfd, 1, 50) > 0 && recv(fd, &byte, 1, 0) <= 0)
            break;
    }
    return (double)(clock_monotonic_ns() - start_ns) / NS_PER_S;
}

START_TEST(half_a_request_is_ended_in_time)
{
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.request_timeout_s = 0.5;
    fixture_start_with(&fixture, &settings);

    int silent = dial(fixture.port);
    ck_assert_double_lt(seconds_to_end(silent, ""), 1.5);
    close(silent);

    /* Each byte would start an inactivity timeout again. */
    int slow = dial(fixture.port);
    double seconds = seconds_to_end(
        slow, "GET /state HTTP/1.1\r\nHost: localhost\r\nX-Slow: very very very very very slow");
    ck_assert_double_ge(seconds, 0.4);
    ck_assert_double_lt(seconds, 1.5);
    close(slow);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_viewer_that_never_reads_is_ended_and_a_waiting_one_is_not)
{
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.request_timeout_s = 0.5;
    fixture_start_with(&fixture, &settings);
    int waiting = ask(fixture.port, "GET /stream");
    WAIT_FOR(slot_watchers(&fixture.slot) == 1, 1);
    sleep_ms(1000); /* no picture yet: that is not the viewer's fault */
    ck_assert_int_eq(slot_watchers(&fixture.slot), 1);

    fixture_start_pipeline(&fixture, 5, 400 * 1000);
    WAIT_FOR(slot_watchers(&fixture.slot) == 0, 5); /* now it does not read what there is */
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    close(waiting);
    fixture_stop(&fixture);
}
END_TEST

static int ask_status(const struct fixture *fixture)
{
    get(fixture->port, "GET /state", &reply);
    return status_of(&reply);
}

START_TEST(thousands_of_connects_change_nothing)
{
    enum { CONNECTS = 3000 };
    struct fixture fixture;
    struct web_settings settings = fixture_settings();
    settings.max_clients_per_address = 8;
    fixture_start_with(&fixture, &settings);
    fixture_start_pipeline(&fixture, 20, 1000);
    int viewer = dial_from("127.0.0.9", fixture.port);
    say(viewer, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reply.size = 0;
    ck_assert(listen_for(viewer, &reply, "\xff\xd9\r\n", 2));
    int files = count_entries("fd"), threads = count_entries("task");

    int open_fds[50] = {0};
    for (int i = 0; i < CONNECTS; i++) {
        int *fd = &open_fds[i % 50];
        if (*fd > 0)
            close(*fd);
        *fd = dial_from("127.0.0.1", fixture.port);
        if (*fd > 0 && i % 3 == 0)
            say(*fd, "GET /sta");
        if (*fd > 0 && i % 3 == 1)
            ask_state(*fd);
        if (i % 300 == 0) {
            reply.size = 0;
            ck_assert(listen_for(viewer, &reply, "\xff\xd9\r\n", 1));
        }
    }
    for (int i = 0; i < 50; i++)
        close(open_fds[i]);
    WAIT_FOR(count_entries("fd") <= files && count_entries("task") <= threads, 5);
    ck_assert_int_le(count_entries("fd"), files);
    ck_assert_int_le(count_entries("task"), threads);
    reply.size = 0;
    ck_assert(listen_for(viewer, &reply, "\xff\xd9\r\n", 1));
    close(viewer);
    /* They do not count any more, once the last ones, which may still wait to be accepted, are
     * gone. */
    WAIT_FOR(ask_status(&fixture) == 200, 5);
    ck_assert_int_eq(status_of(&reply), 200);
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
}
END_TEST

START_TEST(stopping_waits_for_nobody)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 10, 300 * 1000);
    int fds[12];
    for (int i = 0; i < 12; i += 4) {
        fds[i] = ask(fixture.port, "GET /stream"); /* and never reads */
        fds[i + 1] = ask(fixture.port, "GET /events");
        fds[i + 2] = dial(fixture.port);
        say(fds[i + 2], "GET /sta");
        fds[i + 3] = dial(fixture.port);
    }
    sleep_ms(500);
    ck_assert_double_lt(fixture_stop(&fixture), 0.5);
    for (int i = 0; i < 12; i++)
        close(fds[i]);
}
END_TEST

START_TEST(stopping_nothing_is_allowed)
{
    web_stop(NULL);
}
END_TEST

TEST_MAIN(limits, it_listens_beyond_loopback_only_when_allowed, what_it_cannot_listen_on_is_named,
          it_serves_ipv6, one_address_gets_so_many_connections,
          there_are_so_many_connections_in_all, half_a_request_is_ended_in_time,
          a_viewer_that_never_reads_is_ended_and_a_waiting_one_is_not,
          thousands_of_connects_change_nothing, stopping_waits_for_nobody,
          stopping_nothing_is_allowed)
