#include "daemon/open_source.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct opening {
    const struct capture_settings *settings;
    int done_fd; /* an eventfd */
    struct capture *capture;
    struct error error;
};

static void *run(void *argument)
{
    struct opening *opening = argument;
    opening->capture = capture_open(opening->settings, &opening->error);
    eventfd_write(opening->done_fd, 1);
    return NULL;
}

static int open_stop_signals(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    return signalfd(-1, &stop, SFD_CLOEXEC);
}

/* Returns true when a stop signal came first. It stays pending. */
static bool wait_for_stop(const struct opening *opening, int signal_fd)
{
    struct pollfd fds[] = {{.fd = opening->done_fd, .events = POLLIN},
                           {.fd = signal_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    return !fds[0].revents;
}

struct capture *open_source(const struct capture_settings *settings, bool *stopped,
                            struct error *error)
{
    /* Outlives this call when a signal cuts it short, hence static: a process opens once. */
    static struct opening opening;
    pthread_t thread;

    *stopped = false;
    opening = (struct opening){.settings = settings, .done_fd = eventfd(0, EFD_CLOEXEC)};
    int signal_fd = open_stop_signals();
    int failure =
        opening.done_fd < 0 || signal_fd < 0 ? errno : pthread_create(&thread, NULL, run, &opening);
    if (failure) {
        error_set(error, "cannot open the source: %s", strerror(failure));
    } else if (wait_for_stop(&opening, signal_fd)) {
        *stopped = true;
        return NULL;
    } else {
        pthread_join(thread, NULL);
    }
    if (!failure && !opening.capture)
        *error = opening.error;
    close(opening.done_fd);
    close(signal_fd);
    return opening.capture;
}
