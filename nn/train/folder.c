#include "common/file.h"
#include "common/log.h"
#include "common/parallel.h"
#include "common/text.h"
#include "nn/train/sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_BYTES_MAX = 256 << 20 };

/* --- names ------------------------------------------------------------------------------------ */

struct names {
    char **list;
    int count;
};

static void free_names(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
    *names = (struct names){0};
}

/* Takes over the name, also on failure. */
static bool add_name(struct names *names, char *name, struct error *error)
{
    char **list = name ? realloc(names->list, ((size_t)names->count + 1) * sizeof *list) : NULL;
    if (!list) {
        free(name);
        return error_set(error, "out of memory for a list of files");
    }
    names->list = list;
    list[names->count++] = name;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(struct names *names)
{
    if (names->count > 0)
        qsort(names->list, (size_t)names->count, sizeof *names->list, compare_names);
}

static bool is_picture(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".bmp", ".webp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static char *join(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* Links can lead in a circle. */
enum kind { PICTURES, FOLDERS, FOLDERS_BUT_LINKS };

static bool is_folder(const char *folder, const char *name, bool follow)
{
    struct stat status;
    char *path = join(folder, name);
    bool result = path && (follow ? stat : lstat)(path, &status) == 0 && S_ISDIR(status.st_mode);
    free(path);
    return result;
}

static bool is_kind(const char *folder, const struct dirent *entry, enum kind kind)
{
    const unsigned char type = entry->d_type; /* some file systems do not tell */
    if (kind == PICTURES)
        return is_picture(entry->d_name) && type != DT_DIR &&
               (type != DT_UNKNOWN || !is_folder(folder, entry->d_name, false));
    return type != DT_REG && is_folder(folder, entry->d_name, kind == FOLDERS);
}

/* Sorted names of what there is of a kind in a folder; hidden ones do not count. */
static bool list_folder(const char *path, enum kind kind, struct names *names, struct error *error)
{
    bool good = true;
    DIR *folder = opendir(path);
    if (!folder)
        return error_set(error, "%s: %s", path, strerror(errno));
    for (struct dirent *entry; good && (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && is_kind(path, entry, kind))
            good = add_name(names, strdup(entry->d_name), error);
    closedir(folder);
    sort_names(names);
    return good;
}

/* Appends the paths of what there is of a kind in a folder. */
static bool add_paths(const char *path, enum kind kind, struct names *paths, struct error *error)
{
    struct names names = {0};
    bool good = list_folder(path, kind, &names, error);
    for (int i = 0; good && i < names.count; i++)
        good = add_name(paths, join(path, names.list[i]), error);
    free_names(&names);
    return good;
}

/* The pictures in a folder and in those below it: folder by folder in the order of their paths, as
 * Keras's _iter_valid_files has them. */
static bool list_tree(const char *path, struct names *pictures, struct error *error)
{
    struct names folders = {0};
    bool good = add_name(&folders, strdup(path), error);
    for (int i = 0; good && i < folders.count; i++) /* which grow on the way */
        good = add_paths(folders.list[i], FOLDERS_BUT_LINKS, &folders, error);
    sort_names(&folders);
    for (int i = 0; good && i < folders.count; i++)
        good = add_paths(folders.list[i], PICTURES, pictures, error);
    free_names(&folders);
    return good;
}

/* --- what is there ---------------------------------------------------------------------------- */

struct listing {
    struct names classes;
    struct names files; /* whole paths, class by class */
    int *labels;        /* [files.count] */
};

static void free_listing(struct listing *listing)
{
    free_names(&listing->classes);
    free_names(&listing->files);
    free(listing->labels);
    *listing = (struct listing){0};
}

/* As model_set_classes will want it, but before all pictures are decoded. */
static bool check_class_name(const char *folder, const char *name, struct error *error)
{
    return text_is_plain(name) ||
           error_set(error,
                     "%s/%s: the name of a class must be UTF-8 without control characters: give it "
                     "another",
                     folder, name);
}

static bool list_classes(const struct folder_settings *settings, struct names *classes,
                         struct error *error)
{
    bool good = true;
    if (!settings->classes) {
        good = list_folder(settings->path, FOLDERS, classes, error);
        if (good && classes->count < 2)
            good = error_set(error, "%s: %s; a classifier needs a folder for each of two classes",
                             settings->path,
                             classes->count ? "holds one class folder only" : "holds no folders");
    }
    for (int i = 0; good && settings->classes && i < settings->class_count; i++)
        good = add_name(classes, strdup(settings->classes[i]), error);
    for (int i = 0; good && i < classes->count; i++)
        good = check_class_name(settings->path, classes->list[i], error);
    return good;
}

static bool list_class(const struct folder_settings *settings, int label, struct listing *listing,
                       struct error *error)
{
    struct names pictures = {0};
    char *path = join(settings->path, listing->classes.list[label]);
    bool good = !path            ? error_set(error, "out of memory")
                : settings->flat ? add_paths(path, PICTURES, &pictures, error)
                                 : list_tree(path, &pictures, error);
    if (good && pictures.count == 0)
        good = error_set(error, "%s: holds no pictures (jpg, jpeg, png, bmp, webp)", path);
    int take =
        settings->limit && settings->limit < pictures.count ? settings->limit : pictures.count;
    int first = listing->files.count;
    int *labels = good ? realloc(listing->labels, (size_t)(first + take) * sizeof *labels) : NULL;
    if (labels)
        listing->labels = labels;
    else if (good)
        good = error_set(error, "out of memory for a list of files");
    for (int i = 0; good && i < take; i++) {
        listing->labels[first + i] = label;
        good = add_name(&listing->files, strdup(pictures.list[i]), error);
    }
    free_names(&pictures);
    free(path);
    return good;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_picture(const struct folder_settings *settings, const char *path, uint8_t *pixels,
                         struct error *error)
{
    uint8_t *bytes;
    size_t size;
    const bool good = file_read(path, FILE_BYTES_MAX, &bytes, &size, error) &&
                      settings->codec->decode(bytes, size, settings->height, settings->width,
                                              settings->channels, pixels, error);
    free(bytes);
    return good;
}

/* Shared by the threads. */
struct job {
    const struct folder_settings *settings;
    const struct listing *listing;
    struct dataset *data;
    struct error *problems; /* [files.count]: why a file is left out; empty where it is good */
};

static void read_file(void *self, int thread, int index)
{
    struct job *job = self;
    struct dataset *data = job->data;
    size_t bytes = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    (void)thread;
    read_picture(job->settings, job->listing->files.list[index],
                 data->pixels + (size_t)index * bytes, &job->problems[index]);
}

/* A picture for which there was no memory is not a bad one. */
static bool check_memory(const struct job *job, struct error *error)
{
    for (int i = 0; i < job->data->count; i++)
        if (job->problems[i].memory) {
            if (error)
                *error = job->problems[i];
            return error_prefix(error, "%s", job->listing->files.list[i]);
        }
    return true;
}

/* Moves the good pictures together; warns of the others in the order of their names. */
static void leave_out_bad(struct job *job)
{
    struct dataset *data = job->data;
    size_t bytes = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    int kept = 0;
    for (int i = 0; i < data->count; i++) {
        const char *problem = job->problems[i].message;
        if (*problem) {
            log_warning("%s: left out: %s", job->listing->files.list[i], problem);
            data->skipped++;
            free(data->files[i]);
            continue;
        }
        if (kept != i)
            memcpy(data->pixels + (size_t)kept * bytes, data->pixels + (size_t)i * bytes, bytes);
        data->labels[kept] = data->labels[i];
        data->files[kept++] = data->files[i];
    }
    data->count = kept;
}

/* Every class must still have pictures. */
static bool check_classes(const struct dataset *data, const char *path, struct error *error)
{
    for (int c = 0; c < data->class_count; c++) {
        int of_class = 0;
        for (int i = 0; i < data->count; i++)
            of_class += data->labels[i] == c;
        if (of_class == 0)
            return error_set(error, "%s/%s: none of its pictures can be read", path,
                             data->class_names[c]);
    }
    return true;
}

static bool read_listing(struct dataset *data, const struct folder_settings *settings,
                         struct listing *listing, struct error *error)
{
    struct job job = {.settings = settings, .listing = listing, .data = data};
    const char *const *names = (const char *const *)listing->classes.list;
    if (!dataset_reserve(data, listing->files.count, settings->height, settings->width,
                         settings->channels, error) ||
        !dataset_set_classes(data, names, listing->classes.count, error))
        return error_prefix(error, "%s", settings->path);
    size_t count = (size_t)data->count;
    memcpy(data->labels, listing->labels, count * sizeof *data->labels);
    data->files = calloc(count, sizeof *data->files);
    job.problems = calloc(count, sizeof *job.problems);
    bool good = data->files && job.problems;
    for (size_t i = 0; good && i < count; i++)
        good = (data->files[i] = strdup(listing->files.list[i])) != NULL;
    if (!good)
        error_set_memory(error, "%s: out of memory", settings->path);
    else
        parallel_for(data->count, settings->threads, read_file, &job);
    good = good && check_memory(&job, error);
    if (good)
        leave_out_bad(&job);
    free(job.problems);
    return good && check_classes(data, settings->path, error);
}

bool folder_find_classes(struct dataset *data, const struct folder_settings *settings,
                         struct error *error)
{
    struct names classes = {0};
    *data = (struct dataset){0};
    const bool good =
        list_classes(settings, &classes, error) &&
        dataset_set_classes(data, (const char *const *)classes.list, classes.count, error);
    free_names(&classes);
    if (!good)
        dataset_free(data);
    return good;
}

bool folder_warn_of_others(const struct folder_settings *settings, struct error *error)
{
    struct names folders = {0};
    char others[512] = ""; /* more than people read */
    const bool good = list_folder(settings->path, FOLDERS, &folders, error);
    for (int i = 0; good && i < folders.count; i++) {
        const size_t used = strlen(others);
        if (text_find((char *const *)settings->classes, settings->class_count, folders.list[i]) < 0)
            text_format(others + used, sizeof others - used, "%s%s", used ? ", " : "",
                        folders.list[i]);
    }
    text_one_line(others);
    if (*others)
        log_warning("%s: left out, as the model has no such class: %s", settings->path, others);
    free_names(&folders);
    return good;
}

bool folder_load(struct dataset *data, const struct folder_settings *settings, struct error *error)
{
    struct listing listing = {0};
    *data = (struct dataset){0};
    bool good = list_classes(settings, &listing.classes, error);
    for (int i = 0; good && i < listing.classes.count; i++)
        good = list_class(settings, i, &listing, error);
    good = good && read_listing(data, settings, &listing, error);
    if (!good)
        dataset_free(data);
    free_listing(&listing);
    return good;
}
