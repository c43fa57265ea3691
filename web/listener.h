/* listener: the listening socket, and the rule that nobody beyond this machine may watch unless
 * the user said so. */
#ifndef PAWCAM_WEB_LISTENER_H
#define PAWCAM_WEB_LISTENER_H

#include "web/web.h"

struct listener {
    int fd; /* non-blocking, close-on-exec */
    int port;
    bool loopback; /* only this machine reaches it */
};

/* Binds and listens. false: the reason; a usage error where the settings themselves are wrong. */
bool listener_open(struct listener *listener, const struct web_settings *settings,
                   struct error *error);
void listener_close(struct listener *listener);

#endif
