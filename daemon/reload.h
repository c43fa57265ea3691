/* reload: SIGHUP: file and command line are read again, and what can change now does. */
#ifndef PAWCAM_DAEMON_RELOAD_H
#define PAWCAM_DAEMON_RELOAD_H

#include "daemon/app.h"

/* Logs each option that changed, and each that only a restart can change. With a mistake in the
 * file all stays as it was, and the mistake is logged. */
void reload(struct app *app, int argc, char **argv);

#endif
