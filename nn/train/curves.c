#include "nn/train/curves.h"

#include "common/atomic_file.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 400, LEFT = 56, TOP = 44, PLOT_WIDTH = 400, PLOT_HEIGHT = 280 };
enum { PLOT_GAP = 76, LEGEND_TOP = 380, TICKS = 5 };

/* Okabe and Ito's colours, which the colour-blind can tell apart. */
static const char *const colours[CURVES_RUNS_MAX] = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444", "#b0a000",
};

struct range {
    double low, high;
};

struct plot {
    FILE *out;
    const struct curves_run *runs;
    int run_count;
    int left; /* of the plot, in the picture */
    const char *title;
    enum history_column train, validation;
    struct range x, y;
};

/* --- ranges ----------------------------------------------------------------------------------- */

static void widen(struct range *range, double value)
{
    if (isfinite(value)) {
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

static void draw_frame(const struct plot *plot)
{
    fprintf(plot->out,
            "<text x=\"%d\" y=\"%d\" class=\"title\">%s</text>\n"
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n"
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n",
            plot->left, TOP - 14, plot->title, plot->left, TOP, PLOT_WIDTH, PLOT_HEIGHT,
            plot->left + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT + 34);
}

static void draw_ticks(const struct plot *plot)
{
    double step = fmax(tick_step(plot->x), 1);
    for (double v = ceil(plot->x.low / step) * step; v <= plot->x.high; v += step)
        fprintf(plot->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                to_x(plot, v), TOP + PLOT_HEIGHT + 17, v);
    step = tick_step(plot->y);
    for (double v = ceil(plot->y.low / step) * step; v <= plot->y.high + step * 1e-9; v += step)
        fprintf(plot->out,
                "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>\n"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g</text>\n",
                plot->left, plot->left + PLOT_WIDTH, to_y(plot, v), to_y(plot, v), plot->left - 6,
                to_y(plot, v) + 4, fabs(v) < step * 1e-9 ? 0 : v);
}

/* A value that is missing or infinite breaks the line. */
static void draw_line(const struct plot *plot, const struct history *history,
                      enum history_column column, const char *colour, const char *style)
{
    bool drawing = false;
    fprintf(plot->out, "<path class=\"%s\" stroke=\"%s\" d=\"", style, colour);
    for (int i = 0; i < history->count; i++) {
        double value = history->rows[i].values[column];
        if (isfinite(value))
            fprintf(plot->out, "%s%.1f %.1f", drawing ? "L" : "M",
                    to_x(plot, history->rows[i].epoch), to_y(plot, value));
        drawing = isfinite(value);
    }
    fputs("\"/>\n", plot->out);
}

static void draw_plot(struct plot *plot)
{
    find_ranges(plot);
    draw_ticks(plot);
    draw_frame(plot);
    for (int r = 0; r < plot->run_count; r++) {
        draw_line(plot, &plot->runs[r].history, plot->train, colours[r], "train");
        draw_line(plot, &plot->runs[r].history, plot->validation, colours[r], "validation");
    }
}

static void print_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        default:
            fputc(*text, out);
        }
}

static void draw_legend(FILE *out, const struct curves_run *runs, int count)
{
    double x = LEFT, slot = (double)(WIDTH - 2 * LEFT - 220) / count;
    for (int r = 0; r < count; r++, x += slot) {
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%d\" width=\"14\" height=\"10\" fill=\"%s\"/>\n"
                "<text x=\"%.1f\" y=\"%d\">",
                x, LEGEND_TOP - 9, colours[r], x + 20, LEGEND_TOP);
        print_escaped(out, runs[r].name);
        fputs("</text>\n", out);
    }
    x = WIDTH - LEFT - 210;
    fprintf(out,
            "<path class=\"train\" stroke=\"#444444\" d=\"M%.1f %dh24\"/>"
            "<text x=\"%.1f\" y=\"%d\">training</text>\n"
            "<path class=\"validation\" stroke=\"#444444\" d=\"M%.1f %dh24\"/>"
            "<text x=\"%.1f\" y=\"%d\">validation</text>\n",
            x, LEGEND_TOP - 4, x + 30, LEGEND_TOP, x + 106, LEGEND_TOP - 4, x + 136, LEGEND_TOP);
}

static void draw(FILE *out, const struct curves_run *runs, int count)
{
    struct plot loss = {out,    runs,  count, LEFT, "Loss", HISTORY_LOSS, HISTORY_VAL_LOSS,
                        {0, 0}, {0, 0}};
    struct plot accuracy = loss;
    accuracy.left = LEFT + PLOT_WIDTH + PLOT_GAP;
    accuracy.title = "Accuracy";
    accuracy.train = HISTORY_ACCURACY;
    accuracy.validation = HISTORY_VAL_ACCURACY;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\">\n"
            "<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}"
            "path{fill:none}.train{stroke-width:1.2;stroke-dasharray:4 3}"
            ".validation{stroke-width:2.4}.frame{fill:none;stroke:#888}.grid{stroke:#e4e4e4}"
            "</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    draw_plot(&loss);
    draw_plot(&accuracy);
    draw_legend(out, runs, count);
    fputs("</svg>\n", out);
}

bool curves_write(const struct curves_run *runs, int count, const char *path, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    draw(file.stream, runs, count);
    return atomic_file_commit(&file, error);
}
