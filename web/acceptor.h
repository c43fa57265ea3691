/*
 * acceptor: the thread that takes new connections, turns away those beyond the limits with a 503
 * instead of silence, and ends those that are late.
 */
#ifndef PAWCAM_WEB_ACCEPTOR_H
#define PAWCAM_WEB_ACCEPTOR_H

#include "common/error.h"
#include "common/log.h"
#include "web/connections.h"

#include <microhttpd.h>

enum { ACCEPTOR_REFUSED_MAX = 64 };

/* A client that was turned away. Its socket stays open for a moment: closing it at once would
 * reset the connection under the answer, since the client's request is still on its way. */
struct refused {
    int fd; /* 0: none */
    int64_t until_ns;
};

struct acceptor {
    int listen_fd; /* the listener's */
    struct connections *connections;
    struct MHD_Daemon *daemon;

    pthread_t thread;
    int stop_fd; /* eventfd, readable: end */
    bool out_of_files;
    struct log_limiter failures, refusals;
    struct refused refused[ACCEPTOR_REFUSED_MAX]; /* ring */
    int refused_next;
};

/* `acceptor` holds the first three members; they must outlive the thread. */
bool acceptor_start(struct acceptor *acceptor, struct error *error);
void acceptor_stop(struct acceptor *acceptor);

#endif
