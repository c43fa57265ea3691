/* Which backend reads a source. */
#include "capture/backend.h"
#include "capture/names.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_URL "file://"

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The "mp4" of "clip.mp4": one to five letters and digits; NULL: none. "USB2.0 Camera" has none. */
static const char *extension(const char *source)
{
    const char *dot = strrchr(source, '.');
    size_t length = dot ? strlen(dot + 1) : 0;
    if (length < 1 || length > 5)
        return NULL;
    for (const char *c = dot + 1; *c; c++)
        if (!isalnum((unsigned char)*c))
            return NULL;
    return dot + 1;
}

/* A camera may be absent, so its name is told by its form: not a path, and nothing that ends like a
 * file. */
static bool is_camera_name(const char *source)
{
    return !strchr(source, '/') && !extension(source);
}

const struct backend *backend_choose(const char *source, struct error *error)
{
    if (strcmp(source, "synthetic") == 0)
        return &backend_synthetic;
    if (strcmp(source, "-") == 0)
        return &backend_stdin;
    if (starts_with(source, "/dev/"))
        return &backend_v4l2;
    if (strstr(source, "://"))
        return backend_video_load(source, error);

    struct stat file;
    bool exists = stat(source, &file) == 0;
    if (exists && S_ISCHR(file.st_mode))
        return &backend_v4l2;
    if ((exists && S_ISDIR(file.st_mode)) || names_is_picture(source))
        return &backend_images;
    if (!exists && is_camera_name(source))
        return &backend_v4l2;
    return backend_video_load(source, error);
}

struct capture *capture_open(const struct capture_settings *settings, struct error *error)
{
    struct capture_settings chosen = *settings;
    if (starts_with(chosen.source, FILE_URL)) /* a path in another spelling, not a stream */
        chosen.source += strlen(FILE_URL);
    if (strcmp(chosen.source, "auto") == 0)
        chosen.source = access("/dev/video0", F_OK) == 0 ? "/dev/video0" : "synthetic";
    const struct backend *backend = backend_choose(chosen.source, error);
    return backend ? capture_open_backend(backend, &chosen, error) : NULL;
}
