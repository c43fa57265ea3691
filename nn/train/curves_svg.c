#include "common/atomic_file.h"
#include "common/text.h"
#include "nn/train/curves.h"

/* Its self is the file; what cannot be written is noticed when that is completed. */

static void svg_line(void *self, const double *points, int count, double width, unsigned colour,
                     bool dashed)
{
    FILE *out = self;
    fprintf(out, "<path stroke=\"#%06x\" stroke-width=\"%g\"%s d=\"", colour, width,
            dashed ? " stroke-dasharray=\"4 3\"" : "");
    for (int i = 0; i < count; i++)
        fprintf(out, "%s%.1f %.1f", i ? "L" : "M", points[2 * i], points[2 * i + 1]);
    fputs("\"/>\n", out);
}

static void svg_box(void *self, double x, double y, double width, double height, unsigned colour)
{
    fprintf(self, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>\n",
            x, y, width, height, colour);
}

/* XML is UTF-8 without control characters, and a run has the name of its file. */
static void print_escaped(FILE *out, const char *name)
{
    char plain[256];
    text_copy(plain, sizeof plain, name);
    text_make_plain(plain);
    for (const char *text = plain; *text; text++)
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

static void svg_text(void *self, double x, double y, enum curves_align align, bool title,
                     const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    fprintf(self, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchors[align],
            title ? " class=\"title\"" : "");
    print_escaped(self, text);
    fputs("</text>\n", self);
}

bool curves_write_svg(const struct curves_run *runs, int count, const char *path,
                      struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    const struct curves_pen pen = {file.stream, svg_line, svg_box, svg_text};
    fprintf(file.stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\">\n"
            "<style>text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}"
            "path{fill:none}</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            CURVES_WIDTH, CURVES_HEIGHT, CURVES_WIDTH, CURVES_HEIGHT);
    if (!curves_draw(runs, count, &pen, error)) {
        atomic_file_abandon(&file);
        return false;
    }
    fputs("</svg>\n", file.stream);
    return atomic_file_commit(&file, error);
}
