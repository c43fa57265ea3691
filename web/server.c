#include "web/server.h"

#include "common/clock.h"
#include "web/handlers.h"
#include "web/route.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one connection: request line and headers must fit, with a record of the library's for each
 * argument and header, else 414 or 431, or no answer where none fits either. */
enum { CONNECTION_MEMORY = 16 * 1024 };

struct snapshot *newest_snapshot(const struct web *web, uint64_t *version, int64_t timeout_ns)
{
    return (struct snapshot *)slot_peek(web->snapshots, version, timeout_ns);
}

static void notify_connection(void *context, struct MHD_Connection *mhd, void **state,
                              enum MHD_ConnectionNotificationCode code)
{
    struct web *web = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        *state = connections_start(&web->connections, fd);
    } else {
        connections_remove(&web->connections, *state);
    }
}

/* Paths and arguments are compared as they came: none of ours needs an escape, and an escaped zero
 * byte or slash cannot confuse anybody. */
static size_t leave_escaped(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context, (void)mhd;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *context, const char *format,
                                                              va_list args)
{
    char line[512];
    (void)context;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    log_debug("web: %s", line);
}

/* Our acceptor listens, so that clients beyond the limits get an answer and late ones are ended;
 * libmicrohttpd serves each connection on a thread of its own. */
static struct MHD_Daemon *start_library(struct web *web)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
                           MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
                           MHD_USE_ERROR_LOG;
    const struct MHD_OptionItem options[] = {
        {MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_library, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, INT_MAX, NULL}, /* ours count */
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify_connection, web},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, route_request, web, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_END);
}

void web_reload(struct web *web, const struct web_settings *settings)
{
    connections_set_limits(&web->connections, settings->max_clients,
                           settings->max_clients_per_address, settings->request_timeout_s);
    atomic_store(&web->healthy_age_ns, clock_ns_from_seconds(settings->healthy_age_s));
}

struct web *web_start(const struct web_settings *settings, struct slot *snapshots,
                      struct error *error)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web) {
        error_set(error, "web: out of memory");
        return NULL;
    }
    web->snapshots = snapshots;
    connections_init(&web->connections);
    web_reload(web, settings);
    if (!listener_open(&web->listener, settings, error))
        goto fail;
    web->daemon = start_library(web);
    if (!web->daemon) {
        error_set(error, "web: cannot start the HTTP library (out of memory or threads)");
        goto fail;
    }
    web->acceptor = (struct acceptor){
        .listen_fd = web->listener.fd, .connections = &web->connections, .daemon = web->daemon};
    if (acceptor_start(&web->acceptor, error))
        return web;
fail:
    if (web->daemon)
        MHD_stop_daemon(web->daemon);
    listener_close(&web->listener);
    connections_finish(&web->connections);
    free(web);
    return NULL;
}

int web_port(const struct web *web)
{
    return web->listener.port;
}

void web_stop(struct web *web)
{
    if (!web)
        return;
    acceptor_stop(&web->acceptor);
    MHD_stop_daemon(web->daemon);
    listener_close(&web->listener);
    connections_finish(&web->connections);
    free(web);
}
