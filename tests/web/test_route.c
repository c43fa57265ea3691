#include "web/route.h"

#include "tests/web/fixture.h"

static struct reply reply;

START_TEST(every_path_answers)
{
    static const struct {
        const char *target, *type;
    } paths[] = {
        {"/", "Content-Type: text/html; charset=utf-8"},
        {"/?other=1", "Content-Type: text/html; charset=utf-8"},
        {"/page.css", "Content-Type: text/css; charset=utf-8"},
        {"/page.js", "Content-Type: text/javascript; charset=utf-8"},
        {"/icon.svg", "Content-Type: image/svg+xml"},
        {"/favicon.ico", "Content-Type: image/svg+xml"},
        {"/snapshot", "Content-Type: image/jpeg"},
        {"/snapshot.jpg?1234", "Content-Type: image/jpeg"},
        {"/?action=snapshot", "Content-Type: image/jpeg"},
        {"/?action=snapshot&n=1&t", "Content-Type: image/jpeg"},
        {"/state", "Content-Type: application/json"},
        {"/healthz", "Content-Type: text/plain; charset=utf-8"},
    };
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char request[100];
        snprintf(request, sizeof request, "GET %s", paths[i].target);
        get(fixture.port, request, &reply);
        ck_assert_msg(status_of(&reply) == 200, "%s: %s", paths[i].target, reply.text);
        ck_assert_msg(has_header(&reply, paths[i].type), "%s: %s", paths[i].target, reply.text);
        ck_assert_msg(has_header(&reply, "X-Content-Type-Options: nosniff"), "%s", reply.text);
        ck_assert_ptr_null(strstr(reply.text, "Access-Control-"));
        size_t body_size = reply.size - (size_t)(body_of(&reply) - reply.text);
        ck_assert_uint_gt(body_size, 0);

        snprintf(request, sizeof request, "HEAD %s", paths[i].target);
        get(fixture.port, request, &reply);
        ck_assert_int_eq(status_of(&reply), 200);
        ck_assert_str_eq(body_of(&reply), "");
        ck_assert(has_header(&reply, paths[i].type));
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(endless_paths_answer_to_head)
{
    static const char *const targets[] = {"HEAD /stream", "HEAD /stream.mjpg?x", "HEAD /stream.bin",
                                          "HEAD /?action=stream&a=b", "HEAD /events"};
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        get(fixture.port, targets[i], &reply);
        ck_assert_int_eq(status_of(&reply), 200);
        ck_assert_str_eq(body_of(&reply), "");
    }
    ck_assert_int_eq(slot_watchers(&fixture.slot), 0);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(the_page_is_embedded_and_strict)
{
    struct fixture fixture;
    fixture_start(&fixture);
    get(fixture.port, "GET /", &reply);
    static char file[64 * 1024];
    FILE *in = fopen("web/page/index.html", "r");
    ck_assert_ptr_nonnull(in);
    file[fread(file, 1, sizeof file - 1, in)] = '\0';
    fclose(in);
    ck_assert_str_eq(body_of(&reply), file);
    const char *policy = strstr(reply.text, "\nContent-Security-Policy: ");
    ck_assert_ptr_nonnull(policy);
    ck_assert_ptr_nonnull(strstr(policy, "default-src 'none'"));
    ck_assert_ptr_nonnull(strstr(policy, "frame-ancestors 'none'"));
    ck_assert_ptr_null(strstr(reply.text, "unsafe-"));
    /* Nothing in line that the policy would block. */
    ck_assert_ptr_null(strstr(file, "style=\""));
    ck_assert_ptr_null(strstr(file, "<style"));
    ck_assert_ptr_null(strstr(file, "<script>"));
    ck_assert_ptr_null(strstr(file, "onclick"));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(unknown_paths_are_not_found)
{
    static const char *const targets[] = {
        "GET /unknown",       "GET /stream/",
        "GET /../etc/passwd", "GET /%2e%2e/%2e%2e/etc/passwd",
        "GET //etc/passwd",   "GET /web/page/index.html",
        "GET /stream%00.jpg", "GET /%73tream",
        "GET /?action=quit",  "GET /?action=command&dest=0",
        "POST /unknown",
    };
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        get(fixture.port, targets[i], &reply);
        int expected = strncmp(targets[i], "POST", 4) == 0 ? 405 : 404;
        ck_assert_msg(status_of(&reply) == expected, "%s: %s", targets[i], reply.text);
        const char *body = body_of(&reply);
        ck_assert_msg(strchr(body, '\n') == body + strlen(body) - 1, "not one line: %s", body);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(only_get_and_head_are_allowed)
{
    static const char *const methods[] = {"POST",  "PUT",   "DELETE", "OPTIONS",
                                          "PATCH", "TRACE", "BREW"};
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        char request[100];
        snprintf(request, sizeof request, "%s /state", methods[i]);
        get(fixture.port, request, &reply);
        ck_assert_msg(status_of(&reply) == 405, "%s: %s", methods[i], reply.text);
        ck_assert(has_header(&reply, "Allow: GET, HEAD"));
    }
    answer_to(fixture.port,
              "POST /state HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nsome",
              &reply);
    ck_assert_int_eq(status_of(&reply), 405);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(malformed_requests_are_refused)
{
    static char big[64 * 1024];
    struct fixture fixture;
    fixture_start(&fixture);

    snprintf(big, sizeof big, "GET /state HTTP/1.1\r\nHost: localhost\r\nX-Big: %030000d\r\n\r\n",
             0);
    answer_to(fixture.port, big, &reply);
    ck_assert_int_eq(status_of(&reply), 431);

    snprintf(big, sizeof big, "GET /%030000d HTTP/1.1\r\nHost: localhost\r\n\r\n", 0);
    answer_to(fixture.port, big, &reply);
    ck_assert_int_eq(status_of(&reply), 414);

    size_t used = (size_t)sprintf(big, "GET /state?"); /* small, but for the library's records */
    for (int i = 0; i < 400; i++)
        used += (size_t)sprintf(big + used, "a&");
    sprintf(big + used, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer_to(fixture.port, big, &reply);
    ck_assert_msg(status_of(&reply) == 0 || status_of(&reply) == 431, "%s", reply.text);

    answer_to(fixture.port, "GET /state HTTP/1.1\r\n\r\n", &reply); /* no Host */
    ck_assert_int_eq(status_of(&reply), 400);

    answer_to(fixture.port, "GET /state HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", &reply);
    ck_assert_int_eq(status_of(&reply), 400);

    get(fixture.port, "GET /state", &reply); /* and it still serves */
    ck_assert_int_eq(status_of(&reply), 200);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(foreign_host_names_are_refused_on_loopback)
{
    struct fixture fixture;
    fixture_start(&fixture);
    answer_to(fixture.port, "GET /state HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n", &reply);
    ck_assert_int_eq(status_of(&reply), 421);
    answer_to(fixture.port, "GET /state HTTP/1.0\r\n\r\n", &reply);
    ck_assert_ptr_nonnull(strstr(reply.text, " 200 "));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_target_may_be_a_whole_url)
{
    static const struct {
        const char *target, *host;
        int status;
    } requests[] = {
        {"http://localhost/state", "localhost", 200},
        {"HTTP://127.0.0.1:8080/state?x", "127.0.0.1:8080", 200},
        {"http://localhost", "localhost", 200},
        {"http://localhost/?action=quit", "localhost", 404},
        {"http://localhost/unknown", "localhost", 404},
        {"http://evil.example/state", "evil.example", 421},
        {"http://evil.example/state", "localhost", 421},
        {"http://localhost/state", "evil.example", 421},
        {"http:///state", "localhost", 421},
    };
    struct fixture fixture;
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char request[200];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", requests[i].target,
                 requests[i].host);
        answer_to(fixture.port, request, &reply);
        ck_assert_msg(status_of(&reply) == requests[i].status, "%s: %s", request, reply.text);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(local_host_names_are_known)
{
    static const char *const local[] = {"localhost",       "LocalHost:8080", "cam.localhost",
                                        "127.0.0.1",       "127.0.0.1:80",   "192.168.1.7:8080",
                                        "[::1]",           "[::1]:8080",     "localhost.",
                                        "localhost.:8080", "cam.localhost."};
    static const char *const foreign[] = {"",
                                          "evil.example",
                                          "evil.example:8080",
                                          "notlocalhost",
                                          "localhost.evil.example",
                                          "localhost.evil.example.",
                                          ".",
                                          "localhost..",
                                          "127.0.0.1.nip.example",
                                          "[::1",
                                          "[evil]:80"};
    ck_assert(route_host_is_local(NULL));
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        ck_assert_msg(route_host_is_local(local[i]), "%s", local[i]);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        ck_assert_msg(!route_host_is_local(foreign[i]), "%s", foreign[i]);
}
END_TEST

TEST_MAIN(route, every_path_answers, endless_paths_answer_to_head, the_page_is_embedded_and_strict,
          unknown_paths_are_not_found, only_get_and_head_are_allowed,
          malformed_requests_are_refused, foreign_host_names_are_refused_on_loopback,
          a_target_may_be_a_whole_url, local_host_names_are_known)
