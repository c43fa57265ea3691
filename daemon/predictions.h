/*
 * predictions: one JSON line per classified frame, into a file or onto standard output.
 *
 * A line is written at once, by one write(2) unless it is longer than PIPE_BUF, so that a reader
 * never waits for a buffer to fill. A file is appended to: a restart loses nothing. A line that
 * cannot be written (disk full, reader gone) is an error, not a gap in the data.
 */
#ifndef PAWCAM_DAEMON_PREDICTIONS_H
#define PAWCAM_DAEMON_PREDICTIONS_H

#include "common/error.h"
#include "common/prediction.h"

struct predictions;

/* `path` is a file, made if it is not there, or "-" for standard output; copied. */
struct predictions *predictions_open(const char *path, struct error *error);

/* Writes the line. Waits for a slow reader of a pipe, until predictions_interrupt. */
bool predictions_write(struct predictions *predictions, const struct prediction *prediction,
                       struct error *error);

/* A write that waits for a slow reader fails from now on instead; one that need not wait still
 * writes its line. Safe from any thread. NULL is allowed. */
void predictions_interrupt(struct predictions *predictions);

/* false: what was written may not have reached the file (a network file system tells only now).
 * Frees in any case; NULL is allowed and fine. */
bool predictions_close(struct predictions *predictions, struct error *error);

#endif
