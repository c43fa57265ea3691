/* clock: the two clocks that the program uses, and waiting on the first. */
#ifndef PAWCAM_COMMON_CLOCK_H
#define PAWCAM_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

/* CLOCK_MONOTONIC in nanoseconds: for ages, latencies and deadlines. Never steps. */
int64_t clock_monotonic_ns(void);

/* CLOCK_REALTIME in seconds since 1970: for what people and files see. May step. */
double clock_wall_s(void);

int64_t clock_ns_from_seconds(double seconds);
struct timespec clock_timespec(int64_t ns);

#endif
