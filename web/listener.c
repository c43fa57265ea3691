#include "web/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 128,
    /* Bytes that the kernel may hold unsent per viewer. Without it the send buffer of a slow viewer
     * grows to megabytes, that is to seconds of old pictures. */
    UNSENT_MAX = 64 * 1024,
};

static struct addrinfo *parse_address(const struct web_settings *settings, struct error *error)
{
    struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    char port[16];
    struct addrinfo *address = NULL;

    if (settings->port < 0 || settings->port > 65535) {
        error_set_usage(error, "port %d is not between 0 and 65535", settings->port);
        return NULL;
    }
    snprintf(port, sizeof port, "%d", settings->port);
    int status = getaddrinfo(settings->listen, port, &hints, &address);
    if (status == 0)
        return address;
    error_set_usage(error,
                    "cannot listen on '%s': not an IP address; write one such as 127.0.0.1, ::1 or "
                    "0.0.0.0",
                    settings->listen);
    return NULL;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        in_addr_t host = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
        return ntohl(host) >> 24 == IN_LOOPBACKNET;
    }
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *host = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(host) ||
           (IN6_IS_ADDR_V4MAPPED(host) && host->s6_addr[12] == IN_LOOPBACKNET);
}

static bool refuse_remote(const struct web_settings *settings, struct error *error)
{
    return error_set_usage(error,
                           "will not listen on %s: everybody who reaches that address could watch, "
                           "for there is no password; set allow-remote if that is wanted, or "
                           "listen on 127.0.0.1",
                           settings->listen);
}

/* The address to bind. NULL: the settings are wrong. The caller frees it with freeaddrinfo. */
static struct addrinfo *allowed_address(const struct web_settings *settings, struct error *error)
{
    struct addrinfo *address = parse_address(settings, error);
    if (address && !settings->allow_remote && !is_loopback(address->ai_addr)) {
        refuse_remote(settings, error);
        freeaddrinfo(address);
        return NULL;
    }
    return address;
}

bool web_check(const struct web_settings *settings, struct error *error)
{
    struct addrinfo *address = allowed_address(settings, error);
    if (!address)
        return false;
    freeaddrinfo(address);
    return true;
}

static bool explain_bind(const struct web_settings *settings, int code, struct error *error)
{
    const char *where = settings->listen;
    int port = settings->port;
    switch (code) {
    case EADDRINUSE:
        return error_set(error,
                         "cannot listen on %s port %d: another program uses that port; stop it or "
                         "choose another port",
                         where, port);
    case EADDRNOTAVAIL:
        return error_set(error,
                         "cannot listen on %s port %d: this machine does not have that address; "
                         "'ip address' lists those it has",
                         where, port);
    case EACCES:
        return error_set(error,
                         "cannot listen on %s port %d: ports below 1024 are reserved; choose a "
                         "higher one",
                         where, port);
    default:
        return error_set(error, "cannot listen on %s port %d: %s", where, port, strerror(code));
    }
}

/* Options that accepted sockets inherit. */
static void set_options(int fd, int family)
{
    const int on = 1, off = 0, unsent = UNSENT_MAX;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off); /* "::" serves IPv4 too */
}

static int bound_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

bool listener_open(struct listener *listener, const struct web_settings *settings,
                   struct error *error)
{
    *listener = (struct listener){.fd = -1};
    struct addrinfo *address = allowed_address(settings, error);
    if (!address)
        return false;
    listener->loopback = is_loopback(address->ai_addr);
    listener->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd >= 0)
        set_options(listener->fd, address->ai_family);
    bool ok = listener->fd >= 0 && bind(listener->fd, address->ai_addr, address->ai_addrlen) == 0 &&
              listen(listener->fd, BACKLOG) == 0;
    if (!ok)
        explain_bind(settings, errno, error);
    else
        listener->port = bound_port(listener->fd);
    freeaddrinfo(address);
    if (!ok)
        listener_close(listener);
    return ok;
}

void listener_close(struct listener *listener)
{
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}
