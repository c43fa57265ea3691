/* fixture: a server that runs, a pipeline that publishes drawn bytes, and a raw HTTP client. */
#ifndef PAWCAM_TESTS_WEB_FIXTURE_H
#define PAWCAM_TESTS_WEB_FIXTURE_H

#include "common/clock.h"
#include "common/snapshot.h"
#include "tests/suite.h"
#include "web/web.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct slot slot;
    struct web *web;
    int port;
    pthread_t pipeline;
    atomic_bool running;
    int period_ms;
    size_t jpeg_size;
};

static const char *const fixture_classes[] = {"cat", "dog"};

static inline struct web_settings fixture_settings(void)
{
    return (struct web_settings){.listen = "127.0.0.1",
                                 .max_clients = 64,
                                 .max_clients_per_address = 64,
                                 .request_timeout_s = 5,
                                 .healthy_age_s = 2};
}

static inline void fixture_start_with(struct fixture *fixture, const struct web_settings *settings)
{
    struct error error = {0};
    memset(fixture, 0, sizeof *fixture);
    slot_init(&fixture->slot);
    fixture->web = web_start(settings, &fixture->slot, &error);
    ck_assert_msg(fixture->web != NULL, "%s", error.message);
    fixture->port = web_port(fixture->web);
}

static inline void fixture_start(struct fixture *fixture)
{
    struct web_settings settings = fixture_settings();
    fixture_start_with(fixture, &settings);
}

/* Returns how long web_stop took, in seconds. */
static inline double fixture_stop(struct fixture *fixture)
{
    if (atomic_exchange(&fixture->running, false))
        pthread_join(fixture->pipeline, NULL);
    slot_close(&fixture->slot);
    int64_t start_ns = clock_monotonic_ns();
    web_stop(fixture->web);
    double seconds = (double)(clock_monotonic_ns() - start_ns) / NS_PER_S;
    slot_finish(&fixture->slot);
    return seconds;
}

/* A snapshot of a live source that sees a cat. jpeg_size 0: no picture. */
static inline struct snapshot *fixture_snapshot(size_t jpeg_size)
{
    struct snapshot *snapshot = snapshot_create();
    ck_assert_ptr_nonnull(snapshot);
    snprintf(snapshot->source.name, sizeof snapshot->source.name, "test camera");
    snprintf(snapshot->source.format, sizeof snapshot->source.format, "YUYV");
    snapshot->source.width = 640;
    snapshot->source.height = 480;
    snapshot->source.online = true;
    snapshot->source.captured_fps = 25;
    snapshot->source.processed_fps = 24.96;
    snapshot->source.dropped = 3;
    snapshot->has_prediction = true;
    snapshot->prediction = (struct prediction){.frame = 7,
                                               .time_s = 0.28,
                                               .latency_ms = 2.5,
                                               .label = fixture_classes[0],
                                               .score = 0.9,
                                               .class_count = 2,
                                               .classes = fixture_classes,
                                               .scores = {0.9, 0.1}};
    snapshot->captured_ns = clock_monotonic_ns();
    snapshot->wall_s = clock_wall_s();
    if (jpeg_size > 0) {
        snapshot->jpeg = malloc(jpeg_size);
        ck_assert_ptr_nonnull(snapshot->jpeg);
        memset(snapshot->jpeg, 'x', jpeg_size);
        memcpy(snapshot->jpeg, "\xff\xd8", 2);
        memcpy(snapshot->jpeg + jpeg_size - 2, "\xff\xd9", 2);
        snapshot->jpeg_size = jpeg_size;
    }
    return snapshot;
}

static inline struct snapshot *fixture_lost_snapshot(const char *why)
{
    struct snapshot *snapshot = fixture_snapshot(64);
    snapshot->source.online = false;
    snapshot->has_prediction = false;
    snprintf(snapshot->source.lost, sizeof snapshot->source.lost, "%s", why);
    return snapshot;
}

static inline void fixture_put(struct fixture *fixture, struct snapshot *snapshot)
{
    slot_put(&fixture->slot, &snapshot->ref);
}

static inline void sleep_ms(int ms)
{
    usleep((useconds_t)ms * 1000);
}

/* As the real pipeline: encodes only while somebody watches. */
static inline void *fixture_run_pipeline(void *argument)
{
    struct fixture *fixture = argument;
    while (atomic_load(&fixture->running)) {
        bool watched = slot_watchers(&fixture->slot) > 0;
        fixture_put(fixture, fixture_snapshot(watched ? fixture->jpeg_size : 0));
        sleep_ms(fixture->period_ms);
    }
    return NULL;
}

static inline void fixture_start_pipeline(struct fixture *fixture, int period_ms, size_t jpeg_size)
{
    fixture->period_ms = period_ms;
    fixture->jpeg_size = jpeg_size;
    atomic_store(&fixture->running, true);
    ck_assert_int_eq(pthread_create(&fixture->pipeline, NULL, fixture_run_pipeline, fixture), 0);
}

/* --- the client ------------------------------------------------------------------------------- */

/* A connection to 127.0.0.1 from a loopback address of the caller's choice; -1: refused. */
static inline int dial_from(const char *from, int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    struct sockaddr_in local = {.sin_family = AF_INET}, server = local;
    inet_pton(AF_INET, from, &local.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    server.sin_port = htons((uint16_t)port);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&local, sizeof local), 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline int dial(int port)
{
    int fd = dial_from("127.0.0.1", port);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static inline void say(int fd, const char *text)
{
    size_t size = strlen(text), sent = 0;
    while (sent < size) {
        ssize_t count = send(fd, text + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0)
            return; /* what the server answers tells why */
        sent += (size_t)count;
    }
}

/* "METHOD TARGET" with a proper Host header. */
static inline int ask(int port, const char *method_and_target)
{
    char request[1024];
    int fd = dial(port);
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
             method_and_target, port);
    say(fd, request);
    return fd;
}

/* Appends what comes until `until` is in it (NULL: until the end), for at most `seconds`. Returns
 * true when that happened. The text ends with a zero byte. */
struct reply {
    size_t size;
    char text[512 * 1024];
};

static inline bool listen_for(int fd, struct reply *reply, const char *until, double seconds)
{
    int64_t deadline_ns = clock_monotonic_ns() + clock_ns_from_seconds(seconds);
    for (;;) {
        reply->text[reply->size] = '\0';
        if (until && memmem(reply->text, reply->size, until, strlen(until)))
            return true;
        int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / NS_PER_MS;
        struct pollfd pollfd = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&pollfd, 1, (int)left_ms) <= 0)
            return false;
        ck_assert_uint_lt(reply->size, sizeof reply->text - 1);
        ssize_t count =
            recv(fd, reply->text + reply->size, sizeof reply->text - 1 - reply->size, 0);
        if (count <= 0)
            return until == NULL;
        reply->size += (size_t)count;
    }
}

/* The whole answer to a raw request; its last byte is the connection's end. */
static inline const char *answer_to(int port, const char *raw_request, struct reply *reply)
{
    int fd = dial(port);
    reply->size = 0;
    say(fd, raw_request);
    ck_assert_msg(listen_for(fd, reply, NULL, 10), "no end of the answer to: %.60s", raw_request);
    close(fd);
    return reply->text;
}

static inline const char *get(int port, const char *method_and_target, struct reply *reply)
{
    char request[1024];
    snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
             method_and_target, port);
    return answer_to(port, request, reply);
}

static inline int status_of(const struct reply *reply)
{
    int status = 0;
    sscanf(reply->text, "HTTP/1.1 %d", &status);
    return status;
}

static inline const char *body_of(const struct reply *reply)
{
    const char *end = strstr(reply->text, "\r\n\r\n");
    return end ? end + 4 : "";
}

static inline bool has_header(const struct reply *reply, const char *line)
{
    const char *end = strstr(reply->text, "\r\n\r\n");
    const char *found = strstr(reply->text, line);
    return end && found && found < end && found[-1] == '\n' &&
           memcmp(found + strlen(line), "\r\n", 2) == 0;
}

/* Entries of a folder of /proc/self: "fd" or "task". */
static inline int count_entries(const char *folder)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/self/%s", folder);
    DIR *directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* Waits up to `seconds` for a number to come down to (or be) what is expected. */
#define WAIT_FOR(condition, seconds)                                                               \
    for (int64_t end_ns = clock_monotonic_ns() + clock_ns_from_seconds(seconds);                   \
         !(condition) && clock_monotonic_ns() < end_ns;)                                           \
    sleep_ms(5)

#endif
