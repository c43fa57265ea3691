#include "web/connections.h"

#include "common/clock.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct connection {
    struct connections *all;
    struct connection *next;
    uint64_t id;
    int fd;
    bool started;            /* fd is surely open and this connection's */
    struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
    int64_t deadline_ns;     /* INT64_MAX: none */
    bool is_viewer;
    int pictures; /* since window_ns */
    int64_t window_ns;
    double fps; /* of the last full window */
};

void connections_init(struct connections *all)
{
    *all = (struct connections){0};
    pthread_mutex_init(&all->mutex, NULL);
}

void connections_finish(struct connections *all)
{
    while (all->first) {
        struct connection *next = all->first->next;
        free(all->first);
        all->first = next;
    }
    pthread_mutex_destroy(&all->mutex);
}

void connections_set_limits(struct connections *all, int max, int max_per_address, double timeout_s)
{
    pthread_mutex_lock(&all->mutex);
    all->max = max;
    all->max_per_address = max_per_address;
    all->timeout_ns = clock_ns_from_seconds(timeout_s);
    pthread_mutex_unlock(&all->mutex);
}

/* One form for both families, so that a client counts once on a dual-stack socket. */
static struct in6_addr address_of(const struct sockaddr *peer)
{
    struct in6_addr address = {0};
    if (peer->sa_family == AF_INET6) {
        address = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    } else if (peer->sa_family == AF_INET) {
        address.s6_addr[10] = address.s6_addr[11] = 0xff;
        memcpy(&address.s6_addr[12], &((const struct sockaddr_in *)(const void *)peer)->sin_addr,
               4);
    }
    return address;
}

/* The functions below up to the next public one run under the mutex. */

static void unlink_and_free(struct connections *all, struct connection *connection)
{
    struct connection **link = &all->first;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    all->count--;
    free(connection);
}

static struct connection *find_waiting(struct connections *all, int fd)
{
    for (struct connection *c = all->first; c; c = c->next)
        if (!c->started && c->fd == fd)
            return c;
    return NULL;
}

static void forget_waiting(struct connections *all, int fd)
{
    struct connection *waiting = find_waiting(all, fd);
    if (waiting)
        unlink_and_free(all, waiting);
}

static int count_address(const struct connections *all, const struct in6_addr *address)
{
    int count = 0;
    for (const struct connection *c = all->first; c; c = c->next)
        count += IN6_ARE_ADDR_EQUAL(&c->address, address);
    return count;
}

static const char *admit(struct connections *all, int fd, const struct in6_addr *address)
{
    /* libmicrohttpd closes a socket without telling when it runs out of memory; that the number
     * comes back proves that the old one is closed. */
    forget_waiting(all, fd);
    if (all->count >= all->max)
        return "too many connections; try again later";
    if (count_address(all, address) >= all->max_per_address)
        return "too many connections from your address; close some and try again";
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return "out of memory; try again later";
    *connection = (struct connection){
        .all = all,
        .next = all->first,
        .id = ++all->admitted,
        .fd = fd,
        .address = *address,
        .deadline_ns = clock_monotonic_ns() + all->timeout_ns,
    };
    all->first = connection;
    all->count++;
    return NULL;
}

bool connections_admit(struct connections *all, int fd, const struct sockaddr *peer,
                       const char **why)
{
    struct in6_addr address = address_of(peer);
    pthread_mutex_lock(&all->mutex);
    *why = admit(all, fd, &address);
    pthread_mutex_unlock(&all->mutex);
    return *why == NULL;
}

struct connection *connections_start(struct connections *all, int fd)
{
    pthread_mutex_lock(&all->mutex);
    struct connection *connection = find_waiting(all, fd);
    if (connection)
        connection->started = true;
    pthread_mutex_unlock(&all->mutex);
    return connection;
}

void connections_forget(struct connections *all, int fd)
{
    pthread_mutex_lock(&all->mutex);
    forget_waiting(all, fd);
    pthread_mutex_unlock(&all->mutex);
}

void connections_remove(struct connections *all, struct connection *connection)
{
    if (!connection)
        return;
    pthread_mutex_lock(&all->mutex);
    unlink_and_free(all, connection);
    pthread_mutex_unlock(&all->mutex);
}

int connections_end_late(struct connections *all)
{
    int ended = 0;
    int64_t now_ns = clock_monotonic_ns();
    pthread_mutex_lock(&all->mutex);
    for (struct connection *c = all->first; c; c = c->next) {
        if (!c->started || now_ns < c->deadline_ns)
            continue;
        shutdown(c->fd, SHUT_RDWR); /* wakes the connection's thread, which then ends */
        c->deadline_ns = INT64_MAX;
        ended++;
    }
    pthread_mutex_unlock(&all->mutex);
    return ended;
}

int connections_count(struct connections *all)
{
    pthread_mutex_lock(&all->mutex);
    int count = all->count;
    pthread_mutex_unlock(&all->mutex);
    return count;
}

int connections_viewers(struct connections *all, struct viewer *viewers, int max)
{
    int count = 0;
    pthread_mutex_lock(&all->mutex);
    for (const struct connection *c = all->first; c; c = c->next) {
        if (!c->is_viewer)
            continue;
        if (count < max)
            viewers[count] = (struct viewer){.id = c->id, .fps = c->fps};
        count++;
    }
    pthread_mutex_unlock(&all->mutex);
    return count;
}

void connection_client_owes(struct connection *connection)
{
    pthread_mutex_lock(&connection->all->mutex);
    connection->deadline_ns = clock_monotonic_ns() + connection->all->timeout_ns;
    pthread_mutex_unlock(&connection->all->mutex);
}

void connection_server_works(struct connection *connection)
{
    pthread_mutex_lock(&connection->all->mutex);
    connection->deadline_ns = INT64_MAX;
    pthread_mutex_unlock(&connection->all->mutex);
}

void connection_count_picture(struct connection *connection)
{
    int64_t now_ns = clock_monotonic_ns();
    pthread_mutex_lock(&connection->all->mutex);
    int64_t elapsed_ns = now_ns - connection->window_ns;
    if (!connection->is_viewer) {
        connection->is_viewer = true;
        connection->window_ns = now_ns;
    } else if (elapsed_ns >= NS_PER_S) {
        connection->fps = connection->pictures * (double)NS_PER_S / (double)elapsed_ns;
        connection->pictures = 0;
        connection->window_ns = now_ns;
    }
    connection->pictures++;
    pthread_mutex_unlock(&connection->all->mutex);
}

bool connection_client_gone(const struct connection *connection)
{
    struct pollfd pollfd = {.fd = connection->fd, .events = POLLRDHUP};
    return poll(&pollfd, 1, 0) > 0;
}
