/* route: from a request to its handler, and what is refused before any handler runs. */
#ifndef PAWCAM_WEB_ROUTE_H
#define PAWCAM_WEB_ROUTE_H

#include "web/server.h"

#include <microhttpd.h>

/* libmicrohttpd's access handler; `context` is the struct web. */
enum MHD_Result route_request(void *context, struct MHD_Connection *mhd, const char *target,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state);

/* Whether a Host header (may be NULL) may name a server that listens on loopback only: localhost,
 * names below it and IP addresses. Any other name may be an attacker's that was made to point here
 * (DNS rebinding), and whose page would then read our answers as its own. */
bool route_host_is_local(const char *host);

#endif
