#include "common/log.h"

#include "common/clock.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static const char *program = "pawcam";
static bool journal;
static _Atomic enum log_level threshold = LOG_LEVEL_INFO;

/* systemd names the socket by device and inode, and so does whatever inherited the variable,
 * wherever its standard error leads. */
static bool is_journal(const char *stream)
{
    unsigned long long device, inode;
    struct stat about;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &about) == 0 && about.st_dev == device && about.st_ino == inode;
}

void log_init(const char *name, enum log_level level)
{
    program = name;
    journal = is_journal(getenv("JOURNAL_STREAM"));
    atomic_store(&threshold, level);
}

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, level);
}

static int print_prefix(char *line, enum log_level level)
{
    /* syslog(3) priorities: error 3, warning 4, informational 6, debug 7 */
    static const int priority[] = {3, 4, 6, 7};
    static const char *const word[] = {"error: ", "warning: ", "", "debug: "};

    if (journal)
        return snprintf(line, LINE_MAX_BYTES, "<%d>", priority[level]);
    return snprintf(line, LINE_MAX_BYTES, "%s: %s", program, word[level]);
}

__attribute__((format(printf, 2, 0))) static void print(enum log_level level, const char *format,
                                                        va_list args)
{
    if (level > atomic_load_explicit(&threshold, memory_order_relaxed))
        return;
    char line[LINE_MAX_BYTES];
    size_t used = (size_t)print_prefix(line, level);
    text_vformat(line + used, sizeof line - used - 1, format, args);
    size_t length = strlen(line);
    line[length] = '\n';
    /* Nothing sensible is left to do when standard error itself fails. */
    (void)!write(STDERR_FILENO, line, length + 1);
}

#define DEFINE_LOG(name, level)                                                                    \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        print(level, format, args);                                                                \
        va_end(args);                                                                              \
    }

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_info, LOG_LEVEL_INFO)
DEFINE_LOG(log_debug, LOG_LEVEL_DEBUG)

uint64_t log_limiter_event(struct log_limiter *limiter, double interval_s)
{
    int64_t now = clock_monotonic_ns();

    limiter->suppressed++;
    if (now < limiter->next_ns)
        return 0;
    uint64_t count = limiter->suppressed;
    limiter->suppressed = 0;
    limiter->next_ns = now + clock_ns_from_seconds(interval_s);
    return count;
}
