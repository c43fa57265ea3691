/*
 * web: serves the newest snapshot over HTTP: MJPEG stream, single pictures, state, events, health
 * and the page. Reads from one slot, knows nothing else of the program. Formats: docs/http.md.
 */
#ifndef PAWCAM_WEB_WEB_H
#define PAWCAM_WEB_WEB_H

#include "common/error.h"
#include "common/slot.h"

/* Strings are the caller's; web_start copies what it needs. */
struct web_settings {
    const char *listen; /* address: "127.0.0.1", "::1"; other than loopback needs allow_remote */
    int port;           /* 0: any free one (see web_port) */
    bool allow_remote;  /* the user knows that there is no authentication */
    int max_clients;    /* connections in all */
    int max_clients_per_address;
    double request_timeout_s; /* total time for a request's headers; also for a blocked send */
    double healthy_age_s;     /* /healthz is 200 while the newest frame is younger */
};

/* Whether the settings allow to listen there, without doing it: an IP address, and loopback unless
 * remote viewers are allowed. Errors are usage errors. web_start checks it as well. */
bool web_check(const struct web_settings *settings, struct error *error);

struct web;

/* Starts listening. `snapshots` (of struct snapshot) must outlive the server. NULL: the reason
 * (port in use, address not ours, not loopback ...). */
struct web *web_start(const struct web_settings *settings, struct slot *snapshots,
                      struct error *error);

/* The port in use. */
int web_port(const struct web *web);

/* Applies what can change while running: limits and times, not address or port. */
void web_reload(struct web *web, const struct web_settings *settings);

/* Ends every connection and frees the server. The slot must have been closed before, so that no
 * reader still waits on it. Takes well under a second. NULL is allowed. */
void web_stop(struct web *web);

#endif
