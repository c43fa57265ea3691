#include "daemon/app.h"

#include "classify/classifier.h"
#include "common/log.h"
#include "daemon/model_setup.h"
#include "daemon/open_source.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool app_read_options(int argc, char **argv, struct options *options,
                      struct config_command_line *line, struct error *error)
{
    if (!config_read(&options_table, argc, argv, options, line, error))
        return false;
    bool settings_matter = line->action == CONFIG_RUN || line->action == CONFIG_CHECK;
    return !settings_matter || options_check(options, error);
}

/* --- settings of the parts -------------------------------------------------------------------- */

static struct capture_settings capture_settings(const struct options *options)
{
    return (struct capture_settings){
        .source = options->capture.source,
        .format = options->capture.format,
        .width = options->capture.width,
        .height = options->capture.height,
        .fps = options->capture.fps,
        .controls = options->capture.controls,
        .timeout_s = options->capture.timeout_s,
        .replay_speed = (enum replay_speed)options->capture.replay_speed,
        .replay_loop = options->capture.replay_loop,
        .seed = options->capture.seed,
        .limit = options->capture.limit,
    };
}

static struct web_settings web_settings(const struct options *options)
{
    return (struct web_settings){
        .listen = options->web.listen,
        .port = options->web.port,
        .allow_remote = options->web.allow_remote,
        .max_clients = options->web.max_clients,
        .max_clients_per_address = options->web.max_clients_per_address,
        .request_timeout_s = options->web.request_timeout_s,
        .healthy_age_s = options->web.healthy_age_s,
    };
}

static struct smooth_settings smooth_settings(const struct app *app)
{
    const int nobody = classifier_nobody(app->model);
    const double release = app->current.smooth.release;
    return (struct smooth_settings){
        .time_s = app->current.smooth.time_s,
        .hysteresis = app->current.smooth.hysteresis,
        .threshold = model_setup_threshold(&app->current, app->model),
        .release = release < 0 ? smooth_release_auto(nobody) : release,
        .hold_s = app->current.smooth.hold_s,
        .nobody = nobody,
    };
}

/* --- start ------------------------------------------------------------------------------------ */

static bool start_source(struct app *app, struct error *error)
{
    struct capture_settings settings = capture_settings(&app->started);
    app->capture = open_source(&settings, &app->stopped, error);
    return app->capture != NULL;
}

static bool start_web(struct app *app, struct error *error)
{
    if (!app->started.web.enabled)
        return true;
    struct web_settings settings = web_settings(&app->started);
    app->web = web_start(&settings, &app->snapshots, error);
    return app->web != NULL;
}

static bool start_predictions(struct app *app, struct error *error)
{
    const char *path = app->started.output.predictions;
    if (!*path)
        return true;
    app->predictions = predictions_open(path, error);
    return app->predictions != NULL;
}

static bool start_threads(struct app *app, struct error *error)
{
    bool lossless =
        capture_is_recording(app->capture) && app->started.capture.replay_speed == REPLAY_MAX;
    struct smooth_settings smooth = smooth_settings(app);
    struct painter *painter = painter_create(&app->current, error);
    if (!painter)
        return false;
    app->pipeline = pipeline_create(
        &(struct pipeline_parts){
            .model = app->model,
            .cpu = app->started.model.cpu,
            .views = (enum views_mode)app->started.model.views,
            .frames = &app->frames,
            .snapshots = &app->snapshots,
            .source_name = &app->source_name,
            .predictions = app->predictions,
            .lossless = lossless,
            .timeout_s = app->started.capture.timeout_s,
            .ended_fd = app->ended_fd,
        },
        &smooth, painter, error);
    app->pipeline_runs = app->pipeline && pipeline_start(app->pipeline, error);
    if (!app->pipeline_runs)
        return false;
    struct grab_settings grab = {lossless, app->started.capture.exit_on_loss};
    app->grab_runs =
        grab_start(&app->grab, &grab, app->capture, &app->frames, &app->source_name, error);
    return app->grab_runs;
}

static void tell_views(const struct app *app)
{
    const enum views_mode wanted = (enum views_mode)app->started.model.views;
    if (classifier_mode(app->model, wanted) != wanted)
        log_info("the model has no share for \"neither\" among its scores, so it is shown whole "
                 "pictures only (views = whole)");
}

bool app_start(struct app *app, struct error *error)
{
    slot_init(&app->frames);
    slot_init(&app->snapshots);
    source_name_init(&app->source_name);
    app->ended_fd = eventfd(0, EFD_CLOEXEC);
    if (app->ended_fd < 0)
        return error_set(error, "eventfd: %s", strerror(errno));
    app->model = model_setup(&app->started, error);
    if (!app->model)
        return false;
    tell_views(app);
    /* A stream may take long to open; meanwhile the web server says that no picture came yet. */
    return start_predictions(app, error) && start_web(app, error) && start_source(app, error) &&
           start_threads(app, error);
}

bool app_reconfigure(struct app *app, struct error *error)
{
    struct painter *painter = painter_create(&app->current, error);
    if (!painter)
        return false;
    struct smooth_settings smooth = smooth_settings(app);
    pipeline_configure(app->pipeline, &smooth, painter);
    if (app->web) {
        struct web_settings settings = web_settings(&app->current);
        web_reload(app->web, &settings);
    }
    log_set_level((enum log_level)app->current.output.level);
    return true;
}

/* --- stop ------------------------------------------------------------------------------------- */

static bool log_failure(bool fine, const struct error *error)
{
    if (!fine)
        log_error("%s", error->message);
    return fine;
}

/* Ends the threads, from the source to the viewers. */
static bool join_threads(struct app *app)
{
    struct error error;
    bool fine = true;
    if (app->capture)
        capture_interrupt(app->capture);
    slot_close(&app->frames);
    slot_close(&app->snapshots); /* before web_stop: its readers wait on it */
    web_stop(app->web);
    predictions_interrupt(app->predictions);
    if (app->grab_runs)
        fine = grab_join(&app->grab);
    if (app->pipeline_runs)
        fine = log_failure(pipeline_join(app->pipeline, &error), &error) && fine;
    if (fine && app->pipeline_runs && app->grab_runs && app->grab.ended &&
        capture_is_recording(app->capture))
        fine = log_failure(pipeline_classified(app->pipeline, &error) ||
                               error_prefix(&error, "%s", capture_name(app->capture)),
                           &error);
    return fine;
}

enum exit_code app_stop(struct app *app)
{
    struct error error;
    bool fine = join_threads(app);
    fine = log_failure(predictions_close(app->predictions, &error), &error) && fine;
    pipeline_destroy(app->pipeline);
    capture_close(app->capture);
    model_destroy(app->model);
    source_name_finish(&app->source_name);
    slot_finish(&app->snapshots);
    slot_finish(&app->frames);
    if (app->ended_fd >= 0)
        close(app->ended_fd);
    return fine ? EXIT_CODE_OK : EXIT_CODE_RUNTIME;
}
