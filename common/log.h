/*
 * log: lines for the person who runs the program, on standard error.
 *
 * Where standard error is the journal (JOURNAL_STREAM names it) each line begins with the "<N>"
 * priority of sd-daemon(3), so that journalctl can filter by level; elsewhere it begins with the
 * program's name. Safe from any thread: one line is one write(2).
 */
#ifndef PAWCAM_COMMON_LOG_H
#define PAWCAM_COMMON_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Call once from main before threads start. `program` must live as long as the process. */
void log_init(const char *program, enum log_level level);

/* May be called at any time (reload). */
void log_set_level(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* At most one line per `interval_s` for events that may come thirty times a second.
 * Zero-initialise; owned and used by one thread. */
struct log_limiter {
    int64_t next_ns;     /* CLOCK_MONOTONIC; a line is allowed from then on */
    uint64_t suppressed; /* events since the last allowed line */
};

/* Counts one event. Returns 0 when it is to stay silent, else how many events the line speaks for
 * (this one and those suppressed since the last line). */
uint64_t log_limiter_event(struct log_limiter *limiter, double interval_s);

#endif
