/* pawcamd: watches a camera, a recording or a stream, names the animal in it, and serves it. */
#include "common/clock.h"
#include "common/log.h"
#include "daemon/app.h"
#include "daemon/notify.h"
#include "daemon/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Blocks the signals that main handles, for this thread and those to come. Returns a signalfd;
 * -1: errno says why there is none. */
static int block_signals(void)
{
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGINT);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &handled, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file's size limit is an error like a full disk */
    return signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Returns false when it is time to stop. */
static bool handle_signal(struct app *app, int signal_fd, int argc, char **argv)
{
    struct signalfd_siginfo info;
    if (read(signal_fd, &info, sizeof info) != sizeof info)
        return true;
    if (info.ssi_signo != SIGHUP) {
        log_info("stopping: %s", strsignal((int)info.ssi_signo));
        return false;
    }
    notify_reloading();
    reload(app, argc, argv);
    notify_ready();
    return true;
}

static void report(struct app *app, const struct notify *notify)
{
    /* A source counts as lost after its timeout, a slow one shows a frame only now and then. */
    double period_s = 1 / app->started.capture.fps;
    double timeout_s = app->started.capture.timeout_s;
    notify_alive(notify, pipeline_heartbeat_ns(app->pipeline),
                 timeout_s > period_s ? timeout_s : period_s);
    uint64_t any = 0;
    struct snapshot *snapshot = (struct snapshot *)slot_peek(&app->snapshots, &any, 0);
    if (snapshot)
        notify_status(notify, snapshot);
    snapshot_unref(&snapshot);
}

/* Handles signals, and tells systemd how things are, until it is time to stop. */
static void loop(struct app *app, int signal_fd, int argc, char **argv)
{
    struct notify notify;
    notify_init(&notify);
    notify_ready();
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN},
                           {.fd = app->ended_fd, .events = POLLIN}};
    for (;;) {
        int ready = poll(fds, 2, notify_interval_ms(&notify));
        if (ready > 0 && fds[0].revents && !handle_signal(app, signal_fd, argc, argv))
            break;
        if (ready > 0 && fds[1].revents)
            break;
        if (notify.wanted)
            report(app, &notify);
    }
    notify_stopping();
}

/* "http://127.0.0.1:8080/", what a person on this machine can open. */
static void log_address(const struct app *app)
{
    const char *listen = app->started.web.listen;
    if (strcmp(listen, "0.0.0.0") == 0 || strcmp(listen, "::") == 0)
        listen = "localhost";
    log_info(strchr(listen, ':') ? "open http://[%s]:%d/" : "open http://%s:%d/", listen,
             web_port(app->web));
}

static enum exit_code run(struct app *app, int argc, char **argv)
{
    struct error error;
    int signal_fd = block_signals();
    if (signal_fd < 0) {
        log_error("cannot wait for signals: %s", strerror(errno));
        return EXIT_CODE_RUNTIME;
    }
    bool started = app_start(app, &error);
    if (app->stopped)
        _exit(EXIT_CODE_OK);
    if (started && app->web)
        log_address(app);
    if (started)
        loop(app, signal_fd, argc, argv);
    else
        log_error("%s", error.message);
    enum exit_code code = app_stop(app);
    close(signal_fd);
    return started ? code : error.code;
}

/* Files opened later must not take the place of a standard stream that is closed. */
static void open_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    static struct app app;
    struct config_command_line line, again;
    struct error error;
    enum exit_code code = EXIT_CODE_OK;

    open_standard_streams();
    log_init("pawcamd", LOG_LEVEL_INFO);
    bool fine = app_read_options(argc, argv, &app.started, &line, &error);
    if (fine && line.action != CONFIG_RUN)
        fine = config_print(&options_table, line.action, &app.started, stdout, &error);
    else if (fine)
        fine = app_read_options(argc, argv, &app.current, &again, &error);
    if (!fine) {
        log_error("%s", error.message);
        code = error.code;
    } else if (line.action == CONFIG_RUN) {
        log_set_level((enum log_level)app.started.output.level);
        code = run(&app, argc, argv);
    }
    config_free(&options_table, &app.started);
    config_free(&options_table, &app.current);
    return (int)code;
}
