#include "tests/web/fixture.h"

#include <jansson.h>

static struct reply reply;

static json_t *get_state(const struct fixture *fixture)
{
    get(fixture->port, "GET /state", &reply);
    ck_assert_int_eq(status_of(&reply), 200);
    json_error_t error;
    json_t *root = json_loads(body_of(&reply), 0, &error);
    ck_assert_msg(root != NULL, "%s in %s", error.text, body_of(&reply));
    return root;
}

START_TEST(a_live_source_has_ustreamers_fields_and_the_prediction)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_put(&fixture, fixture_snapshot(100));
    json_t *root = get_state(&fixture);
    int ok, width, height, online, queued_fps, clients;
    double captured_fps, score;
    json_int_t dropped;
    const char *name, *label;
    json_t *lost, *clients_stat;
    ck_assert_int_eq(
        json_unpack(root,
                    "{s:b, s:{s:{s:{s:i, s:i}, s:b, s:F, s:s, s:o, s:I}, s:{s:i, s:i, s:o}, "
                    "s:{s:s, s:F}}}",
                    "ok", &ok, "result", "source", "resolution", "width", &width, "height", &height,
                    "online", &online, "captured_fps", &captured_fps, "name", &name, "lost", &lost,
                    "dropped", &dropped, "stream", "queued_fps", &queued_fps, "clients", &clients,
                    "clients_stat", &clients_stat, "prediction", "label", &label, "score", &score),
        0);
    ck_assert(ok && online && json_is_null(lost));
    ck_assert_int_eq(width, 640);
    ck_assert_int_eq(height, 480);
    ck_assert_double_eq(captured_fps, 25);
    ck_assert_int_eq(queued_fps, 25);
    ck_assert_int_eq(clients, 0);
    ck_assert_int_eq(dropped, 3);
    ck_assert_str_eq(name, "test camera");
    ck_assert_str_eq(label, "cat");
    ck_assert_double_eq(score, 0.9);
    json_decref(root);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_lost_source_tells_why)
{
    struct fixture fixture;
    fixture_start(&fixture);
    struct snapshot *snapshot = fixture_lost_snapshot("unplugged: \"camera\" <1>");
    memcpy(snapshot->source.name, "caf\xe9", 5); /* not UTF-8 */
    fixture_put(&fixture, snapshot);
    json_t *root = get_state(&fixture);
    int online;
    const char *lost, *name;
    json_t *prediction;
    ck_assert_int_eq(json_unpack(root, "{s:{s:{s:b, s:s, s:s}, s:o}}", "result", "source", "online",
                                 &online, "lost", &lost, "name", &name, "prediction", &prediction),
                     0);
    ck_assert(!online && json_is_null(prediction));
    ck_assert_str_eq(lost, "unplugged: \"camera\" <1>");
    ck_assert_str_eq(name, "caf?");
    json_decref(root);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(before_the_first_frame_there_is_a_state_too)
{
    struct fixture fixture;
    fixture_start(&fixture);
    json_t *root = get_state(&fixture);
    int online, clients;
    json_t *prediction;
    ck_assert_int_eq(json_unpack(root, "{s:{s:{s:b}, s:{s:i}, s:o}}", "result", "source", "online",
                                 &online, "stream", "clients", &clients, "prediction", &prediction),
                     0);
    ck_assert(!online && json_is_null(prediction));
    json_decref(root);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(viewers_are_counted_with_their_rate)
{
    struct fixture fixture;
    fixture_start(&fixture);
    fixture_start_pipeline(&fixture, 20, 1000);
    int fd = ask(fixture.port, "GET /stream");
    reply.size = 0;
    listen_for(fd, &reply, NULL, 1.5); /* more than one full second of 50 frames */
    json_t *root = get_state(&fixture), *stat;
    int clients;
    ck_assert_int_eq(json_unpack(root, "{s:{s:{s:i, s:o}}}", "result", "stream", "clients",
                                 &clients, "clients_stat", &stat),
                     0);
    ck_assert_int_eq(clients, 1);
    ck_assert_uint_eq(json_object_size(stat), 1);
    int fps = 0;
    json_unpack(json_object_iter_value(json_object_iter(stat)), "{s:i}", "fps", &fps);
    ck_assert_int_ge(fps, 20);
    ck_assert_int_le(fps, 51);
    json_decref(root);
    close(fd);
    fixture_stop(&fixture);
}
END_TEST

static void expect_health(const struct fixture *fixture, int status, const char *words)
{
    get(fixture->port, "GET /healthz", &reply);
    ck_assert_msg(status_of(&reply) == status, "%s", reply.text);
    const char *body = body_of(&reply);
    ck_assert_msg(strstr(body, words) != NULL, "%s", body);
    ck_assert_ptr_eq(strchr(body, '\n'), body + strlen(body) - 1);
}

START_TEST(health_is_the_age_of_the_newest_frame)
{
    struct fixture fixture;
    fixture_start(&fixture); /* healthy_age_s is 2 */
    expect_health(&fixture, 503, "no frame yet");

    struct snapshot *snapshot = fixture_lost_snapshot("not there");
    snapshot->captured_ns = 0;
    fixture_put(&fixture, snapshot);
    expect_health(&fixture, 503, "no frame yet: not there");

    snapshot = fixture_snapshot(0);
    snapshot->captured_ns -= NS_PER_S;
    fixture_put(&fixture, snapshot);
    expect_health(&fixture, 200, "ok: newest frame is 1.0");

    snapshot = fixture_lost_snapshot("unplugged");
    snapshot->captured_ns -= 3 * (int64_t)NS_PER_S;
    fixture_put(&fixture, snapshot);
    expect_health(&fixture, 503, "newest frame is 3.0 s old, limit 2 s: unplugged");

    struct web_settings settings = fixture_settings();
    settings.healthy_age_s = 4;
    web_reload(fixture.web, &settings);
    expect_health(&fixture, 200, "ok");
    fixture_stop(&fixture);
}
END_TEST

TEST_MAIN(state, a_live_source_has_ustreamers_fields_and_the_prediction, a_lost_source_tells_why,
          before_the_first_frame_there_is_a_state_too, viewers_are_counted_with_their_rate,
          health_is_the_age_of_the_newest_frame)
