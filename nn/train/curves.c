#include "nn/train/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEFT = 56, TOP = 44, PLOT_WIDTH = 400, PLOT_HEIGHT = 280 };
enum { PLOT_GAP = 76, LEGEND_TOP = 380, TICKS = 5, TICKS_MAX = 4 * TICKS };

static const unsigned frame_grey = 0x888888, grid_grey = 0xe4e4e4, sample_grey = 0x444444;
static const double thin = 1.2, bold = 2.4;

/* Okabe and Ito's colours, which the colour-blind can tell apart. */
static const unsigned colours[CURVES_RUNS_MAX] = {
    0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x444444, 0xb0a000,
};

struct range {
    double low, high;
};

struct plot {
    const struct curves_pen *pen;
    const struct curves_run *runs;
    int run_count;
    int left; /* of the plot, in the picture */
    const char *title;
    enum history_column train, validation;
    struct range x, y;
    double *points; /* room for those of the longest history */
};

/* --- ranges ----------------------------------------------------------------------------------- */

/* Beyond it there are no differences that a double can hold. */
static bool can_be_drawn(double value)
{
    return fabs(value) <= 1e300; /* nor NaN */
}

static void widen(struct range *range, double value)
{
    if (can_be_drawn(value)) {
        range->low = fmin(range->low, value);
        range->high = fmax(range->high, value);
    }
}

static void find_ranges(struct plot *plot)
{
    plot->x = plot->y = (struct range){INFINITY, -INFINITY};
    for (int r = 0; r < plot->run_count; r++) {
        const struct history *history = &plot->runs[r].history;
        for (int i = 0; i < history->count; i++) {
            widen(&plot->x, history->rows[i].epoch);
            widen(&plot->y, history->rows[i].values[plot->train]);
            widen(&plot->y, history->rows[i].values[plot->validation]);
        }
    }
    if (plot->x.high <= plot->x.low)
        plot->x = (struct range){plot->x.low - 0.5, plot->x.low + 0.5};
    if (!(plot->y.high > plot->y.low)) { /* one value, or none at all */
        double middle = isfinite(plot->y.low) ? plot->y.low : 0.5;
        plot->y = (struct range){middle - 0.5, middle + 0.5};
    }
    double margin = 0.04 * (plot->y.high - plot->y.low);
    plot->y = (struct range){plot->y.low - margin, plot->y.high + margin};
}

/* 1, 2 or 5 times a power of ten, so that about TICKS fit into the range. */
static double tick_step(struct range range)
{
    double rough = (range.high - range.low) / TICKS, power = pow(10, floor(log10(rough)));
    double factor = rough / power;
    return power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10);
}

static double to_x(const struct plot *plot, double value)
{
    return plot->left + PLOT_WIDTH * (value - plot->x.low) / (plot->x.high - plot->x.low);
}

static double to_y(const struct plot *plot, double value)
{
    return TOP + PLOT_HEIGHT * (plot->y.high - value) / (plot->y.high - plot->y.low);
}

/* --- drawing ---------------------------------------------------------------------------------- */

static void draw_line(const struct curves_pen *pen, double x1, double y1, double x2, double y2,
                      unsigned colour)
{
    pen->line(pen->self, (const double[]){x1, y1, x2, y2}, 2, 1, colour, false);
}

static void draw_frame(const struct plot *plot)
{
    const struct curves_pen *pen = plot->pen;
    const double left = plot->left, right = left + PLOT_WIDTH, bottom = TOP + PLOT_HEIGHT;
    const double corners[] = {left, TOP, right, TOP, right, bottom, left, bottom, left, TOP};
    pen->line(pen->self, corners, 5, 1, frame_grey, false);
    pen->text(pen->self, left, TOP - 14, CURVES_LEFT, true, plot->title);
    pen->text(pen->self, (left + right) / 2, bottom + 34, CURVES_MIDDLE, false, "epoch");
}

static void draw_ticks(const struct plot *plot)
{
    const struct curves_pen *pen = plot->pen;
    char text[32];
    double step = fmax(tick_step(plot->x), 1), first = ceil(plot->x.low / step) * step, v;
    /* Counted, since adding a step to a huge number changes nothing. */
    for (int i = 0; i < TICKS_MAX && (v = first + i * step) <= plot->x.high; i++) {
        snprintf(text, sizeof text, "%g", v);
        pen->text(pen->self, to_x(plot, v), TOP + PLOT_HEIGHT + 17, CURVES_MIDDLE, false, text);
    }
    step = tick_step(plot->y);
    first = ceil(plot->y.low / step) * step;
    for (int i = 0; i < TICKS_MAX && (v = first + i * step) <= plot->y.high + step * 1e-9; i++) {
        const double y = to_y(plot, v);
        snprintf(text, sizeof text, "%.6g", fabs(v) < step * 1e-9 ? 0 : v);
        draw_line(pen, plot->left, y, plot->left + PLOT_WIDTH, y, grid_grey);
        pen->text(pen->self, plot->left - 6, y + 4, CURVES_RIGHT, false, text);
    }
}

/* A value between two that are missing is a dot. */
static void draw_stretch(const struct plot *plot, int count, double width, unsigned colour,
                         bool dashed)
{
    const struct curves_pen *pen = plot->pen;
    if (count > 1)
        pen->line(pen->self, plot->points, count, width, colour, dashed);
    else if (count == 1)
        pen->box(pen->self, plot->points[0] - width, plot->points[1] - width, 2 * width, 2 * width,
                 colour);
}

/* A value that is missing or as good as infinite breaks the line. */
static void draw_column(const struct plot *plot, const struct history *history,
                        enum history_column column, unsigned colour, bool validation)
{
    const double width = validation ? bold : thin;
    int count = 0;
    for (int i = 0; i < history->count; i++) {
        const double value = history->rows[i].values[column];
        if (!can_be_drawn(value)) {
            draw_stretch(plot, count, width, colour, !validation);
            count = 0;
            continue;
        }
        plot->points[2 * count] = to_x(plot, history->rows[i].epoch);
        plot->points[2 * count + 1] = to_y(plot, value);
        count++;
    }
    draw_stretch(plot, count, width, colour, !validation);
}

static void draw_plot(struct plot *plot)
{
    find_ranges(plot);
    draw_ticks(plot);
    draw_frame(plot);
    for (int r = 0; r < plot->run_count; r++) {
        draw_column(plot, &plot->runs[r].history, plot->train, colours[r], false);
        draw_column(plot, &plot->runs[r].history, plot->validation, colours[r], true);
    }
}

static void draw_sample(const struct curves_pen *pen, double x, const char *name, bool validation)
{
    const double points[] = {x, LEGEND_TOP - 4, x + 24, LEGEND_TOP - 4};
    pen->line(pen->self, points, 2, validation ? bold : thin, sample_grey, !validation);
    pen->text(pen->self, x + 30, LEGEND_TOP, CURVES_LEFT, false, name);
}

static void draw_legend(const struct curves_run *runs, int count, const struct curves_pen *pen)
{
    const double slot = (double)(CURVES_WIDTH - 2 * LEFT - 220) / count;
    const double samples = CURVES_WIDTH - LEFT - 210;
    for (int r = 0; r < count; r++) {
        pen->box(pen->self, LEFT + r * slot, LEGEND_TOP - 9, 14, 10, colours[r]);
        pen->text(pen->self, LEFT + r * slot + 20, LEGEND_TOP, CURVES_LEFT, false, runs[r].name);
    }
    draw_sample(pen, samples, "training", false);
    draw_sample(pen, samples + 106, "validation", true);
}

static size_t longest(const struct curves_run *runs, int count)
{
    int most = 0;
    for (int r = 0; r < count; r++)
        most = runs[r].history.count > most ? runs[r].history.count : most;
    return (size_t)most;
}

bool curves_draw(const struct curves_run *runs, int count, const struct curves_pen *pen,
                 struct error *error)
{
    double *points = calloc(2 * longest(runs, count) + 1, sizeof *points);
    if (!points)
        return error_set_memory(error, "out of memory for drawing curves");
    struct plot loss = {
        .pen = pen,
        .runs = runs,
        .run_count = count,
        .left = LEFT,
        .title = "Loss",
        .train = HISTORY_LOSS,
        .validation = HISTORY_VAL_LOSS,
        .points = points,
    };
    struct plot accuracy = loss;
    accuracy.left = LEFT + PLOT_WIDTH + PLOT_GAP;
    accuracy.title = "Accuracy";
    accuracy.train = HISTORY_ACCURACY;
    accuracy.validation = HISTORY_VAL_ACCURACY;
    draw_plot(&loss);
    draw_plot(&accuracy);
    draw_legend(runs, count, pen);
    free(points);
    return true;
}
