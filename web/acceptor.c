#include "web/acceptor.h"

#include "common/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TICK_MS = 100, REFUSED_LINGER_MS = 1000, LOG_INTERVAL_S = 60, UNREAD_READS_MAX = 64 };

static void close_refused(struct refused *refused)
{
    char unread[4096];
    if (refused->fd == 0)
        return;
    /* What is left unread would turn the close into a reset; who sends on and on may have one. */
    for (int i = 0; i < UNREAD_READS_MAX; i++)
        if (recv(refused->fd, unread, sizeof unread, MSG_DONTWAIT) != sizeof unread)
            break;
    close(refused->fd);
    refused->fd = 0;
}

static void refuse(struct acceptor *acceptor, int fd, const char *why)
{
    char answer[512];
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 503 Service Unavailable\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Length: %zu\r\n"
                        "Cache-Control: no-store\r\n"
                        "Retry-After: 5\r\n"
                        "Connection: close\r\n\r\n"
                        "%s\n",
                        strlen(why) + 1, why);
    /* A new socket's buffer takes it whole; if not, the client is gone already. */
    (void)!send(fd, answer, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    struct refused *place = &acceptor->refused[acceptor->refused_next];
    acceptor->refused_next = (acceptor->refused_next + 1) % ACCEPTOR_REFUSED_MAX;
    close_refused(place);
    place->fd = fd;
    place->until_ns = clock_monotonic_ns() + (int64_t)REFUSED_LINGER_MS * NS_PER_MS;
    uint64_t events = log_limiter_event(&acceptor->refusals, LOG_INTERVAL_S);
    if (events)
        log_warning("web: turned away %llu client(s): %s", (unsigned long long)events, why);
}

static bool any_refused(const struct acceptor *acceptor)
{
    for (int i = 0; i < ACCEPTOR_REFUSED_MAX; i++)
        if (acceptor->refused[i].fd)
            return true;
    return false;
}

static void close_refused_before(struct acceptor *acceptor, int64_t ns)
{
    for (int i = 0; i < ACCEPTOR_REFUSED_MAX; i++)
        if (acceptor->refused[i].until_ns <= ns)
            close_refused(&acceptor->refused[i]);
}

static void hand_over(struct acceptor *acceptor, int fd, const struct sockaddr *peer,
                      socklen_t size)
{
    const char *why;
    if (!connections_admit(acceptor->connections, fd, peer, &why)) {
        refuse(acceptor, fd, why);
        return;
    }
    if (MHD_add_connection(acceptor->daemon, fd, peer, size) != MHD_YES)
        connections_forget(acceptor->connections, fd); /* libmicrohttpd has closed it */
}

/* Takes one connection; false: none waits, or none can be taken now. */
static bool take_one(struct acceptor *acceptor)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    struct sockaddr *address = (struct sockaddr *)&peer;
    int fd = accept4(acceptor->listen_fd, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    acceptor->out_of_files = false;
    if (fd >= 0) {
        hand_over(acceptor, fd, address, size);
        return true;
    }
    if (errno == EAGAIN || errno == EINTR)
        return false;
    if (errno == ECONNABORTED)
        return true;
    /* Out of files or memory: the listener stays readable, so leave it alone for a tick. */
    acceptor->out_of_files = true;
    if (log_limiter_event(&acceptor->failures, LOG_INTERVAL_S))
        log_warning("web: cannot accept a connection: %s", strerror(errno));
    return false;
}

static int wait_ms(const struct acceptor *acceptor)
{
    bool something_ends = connections_count(acceptor->connections) > 0 || any_refused(acceptor) ||
                          acceptor->out_of_files;
    return something_ends ? TICK_MS : -1;
}

static void *run(void *argument)
{
    struct acceptor *acceptor = argument;
    pthread_setname_np(pthread_self(), "web-accept");
    for (;;) {
        struct pollfd fds[] = {
            {.fd = acceptor->stop_fd, .events = POLLIN},
            {.fd = acceptor->out_of_files ? -1 : acceptor->listen_fd, .events = POLLIN},
        };
        poll(fds, 2, wait_ms(acceptor));
        if (fds[0].revents)
            return NULL;
        /* One round is bounded, so that a flood of connects cannot keep late ones alive. */
        for (int i = 0; i < ACCEPTOR_REFUSED_MAX && take_one(acceptor); i++)
            ;
        close_refused_before(acceptor, clock_monotonic_ns());
        int late = connections_end_late(acceptor->connections);
        if (late)
            log_debug("web: ended %d connection(s) that were too slow", late);
    }
}

bool acceptor_start(struct acceptor *acceptor, struct error *error)
{
    acceptor->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (acceptor->stop_fd < 0)
        return error_set(error, "web: cannot create an eventfd: %s", strerror(errno));
    int status = pthread_create(&acceptor->thread, NULL, run, acceptor);
    if (status == 0)
        return true;
    close(acceptor->stop_fd);
    return error_set(error, "web: cannot start a thread: %s", strerror(status));
}

void acceptor_stop(struct acceptor *acceptor)
{
    eventfd_write(acceptor->stop_fd, 1);
    pthread_join(acceptor->thread, NULL);
    close_refused_before(acceptor, INT64_MAX);
    close(acceptor->stop_fd);
}
