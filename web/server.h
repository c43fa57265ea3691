/* server: what the handlers of one server share. */
#ifndef PAWCAM_WEB_SERVER_H
#define PAWCAM_WEB_SERVER_H

#include "web/acceptor.h"
#include "web/connections.h"
#include "web/listener.h"
#include "web/web.h"

#include <stdatomic.h>

struct web {
    struct slot *snapshots;
    struct listener listener;
    struct connections connections;
    struct acceptor acceptor;
    struct MHD_Daemon *daemon;
    _Atomic int64_t healthy_age_ns;
};

/* One request, as the handlers see it. Lives during the handler's call; web and connection longer
 * than the response. */
struct request {
    struct web *web;
    struct connection *connection;
    struct MHD_Connection *mhd;
    const char *path;
};

#endif
