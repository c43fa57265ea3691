/* video_load: finds pawcam-video.so and loads it, once and for the rest of the process's life. */
#include "capture/video_module.h"
#include "common/text.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODULE_FILE   "pawcam-video.so"
#define MODULE_FOLDER PAWCAM_PREFIX "/lib/pawcam"

static const struct video_host host = {
    .log_warning = log_warning, .log_debug = log_debug, .log_limiter_event = log_limiter_event};

/* What came of loading; written once. The module is never unloaded: its frames outlive captures,
 * and the libraries behind it do not promise to survive that. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const struct video_module *module;
static struct error failure;

static bool path_beside_program(char *path, size_t size)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return false;
    program[length] = '\0';
    return snprintf(path, size, "%s/" MODULE_FILE, dirname(program)) < (int)size;
}

static void *open_module(void)
{
    char path[PATH_MAX];
    if (path_beside_program(path, sizeof path) && access(path, F_OK) == 0)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return dlopen(MODULE_FOLDER "/" MODULE_FILE, RTLD_NOW | RTLD_LOCAL);
}

static void load(void)
{
    void *handle = open_module();
    if (!handle) {
        error_set(&failure, "no recordings and streams without the video module: %s", dlerror());
        return;
    }
    const struct video_module *found = dlsym(handle, "pawcam_video_module");
    if (!found || strcmp(found->version, PAWCAM_VERSION) != 0) {
        error_set(&failure, MODULE_FILE " is of version %s, this program of %s; install both anew",
                  found ? found->version : "unknown", PAWCAM_VERSION);
        dlclose(handle);
        return;
    }
    found->start(&host);
    module = found;
}

const struct backend *backend_video_load(const char *source, struct error *error)
{
    pthread_once(&once, load);
    if (!module) {
        char name[128];
        text_public_url(name, sizeof name, source);
        error_set(error, "%s: %s", name, failure.message);
        return NULL;
    }
    return strstr(source, "://") ? module->stream : module->recording;
}
