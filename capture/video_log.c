#include "capture/video_log.h"

#include <libavutil/log.h>
#include <stdio.h>
#include <string.h>

static const struct video_host *host;
static _Thread_local char complaint[160];

static void format_line(void *context, int level, const char *format, va_list args, char *line,
                        int size, int print_prefix)
{
    av_log_format_line2(context, level, format, args, line, size, &print_prefix);
    line[strcspn(line, "\r\n")] = '\0';
}

static void log_libav(void *context, int level, const char *format, va_list args)
{
    if (level > AV_LOG_WARNING)
        return;
    char line[512];
    va_list again;
    va_copy(again, args);
    format_line(context, level, format, args, line, sizeof line, 1);
    if (line[0])
        host->log_debug("libav: %s", line);
    if (level <= AV_LOG_ERROR)
        format_line(NULL, level, format, again, complaint, sizeof complaint, 0);
    va_end(again);
}

void video_log_start(const struct video_host *given)
{
    host = given;
    av_log_set_callback(log_libav);
}

void video_log_forget(void)
{
    complaint[0] = '\0';
}

/* A URL may hold a password, and a length that libav does not know is -1 there. */
static bool is_fit(const char *text)
{
    return text[0] && !strpbrk(text, "@?") && !strstr(text, "18446744073709551615");
}

const char *video_log_complaint(const char *otherwise)
{
    return is_fit(complaint) ? complaint : otherwise;
}
