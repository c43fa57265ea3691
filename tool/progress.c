#include "tool/progress.h"

#include "common/clock.h"
#include "common/log.h"
#include "tool/bar.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { REDRAW_MS = 100 };

static void clear_bar(const struct progress *progress)
{
    if (progress->terminal)
        fputs("\r\033[K", stderr);
}

static void on_step(void *self, const struct fit_progress *now)
{
    struct progress *progress = self;
    int64_t now_ns = clock_monotonic_ns();
    if (!progress->terminal ||
        (now->step < now->steps && now_ns - progress->shown_ns < REDRAW_MS * (int64_t)NS_PER_MS))
        return;
    progress->shown_ns = now_ns;
    int eta_s = (int)lround(fmin(fmax(now->eta_s, 0), 360000));
    clear_bar(progress);
    fprintf(stderr, "Epoch %d/%d ", now->epoch, now->epochs);
    bar_print(now->step, now->steps);
    fprintf(stderr, " %d/%d  %.0f images/s  ETA %d:%02d  loss %.4f  accuracy %.4f", now->step,
            now->steps, now->images_per_s, eta_s / 60, eta_s % 60, now->loss, now->accuracy);
    if (now->starved >= 0.01)
        fprintf(stderr, "  starved %.0f %%", 100 * now->starved);
    fflush(stderr);
}

static void on_epoch(void *self, const struct history_row *row, const struct fit_progress *now)
{
    clear_bar(self);
    printf("Epoch %d/%d  %.1f s  %.0f images/s", row->epoch, now->epochs,
           row->values[HISTORY_SECONDS], now->images_per_s);
    for (int c = HISTORY_LOSS; c <= HISTORY_VAL_ACCURACY; c++)
        if (!isnan(row->values[c]))
            printf("  %s %.4f", history_name((enum history_column)c), row->values[c]);
    printf("  starved %.1f %%\n", 100 * now->starved);
    fflush(stdout); /* whoever reads a pipe wants to see it now */
}

static void on_trouble(void *self, const char *message)
{
    clear_bar(self);
    log_warning("%s", message);
}

struct fit_observer progress_observer(struct progress *progress)
{
    *progress = (struct progress){.terminal = isatty(STDERR_FILENO)};
    return (struct fit_observer){progress, on_step, on_epoch, on_trouble};
}
