#include "daemon/reload.h"

#include "common/log.h"
#include "common/text.h"

static void log_applied(const struct option_row *row, const char *before, const char *after,
                        void *context)
{
    (void)context;
    if (row->live)
        log_info("reload: %s: %s -> %s", row->name, before, after);
}

static void log_postponed(const struct option_row *row, const char *before, const char *after,
                          void *context)
{
    (void)context;
    if (row->live)
        return;
    char old[160], new[160]; /* a source may hold a password */
    text_public_url(old, sizeof old, before);
    text_public_url(new, sizeof new, after);
    log_warning("reload: %s: %s stays in force; %s needs a restart", row->name, old, new);
}

void reload(struct app *app, int argc, char **argv)
{
    struct options next = {0}, before = app->current;
    struct config_command_line line;
    struct error error;

    bool fine = app_read_options(argc, argv, &next, &line, &error);
    if (fine) {
        app->current = next;
        fine = app_reconfigure(app, &error);
    }
    if (fine) {
        config_compare(&options_table, &before, &next, log_applied, NULL);
        config_compare(&options_table, &app->started, &next, log_postponed, NULL);
        config_free(&options_table, &before);
        log_info("reload: done");
    } else {
        app->current = before;
        config_free(&options_table, &next);
        log_error("reload: %s; nothing was changed", error.message);
    }
}
