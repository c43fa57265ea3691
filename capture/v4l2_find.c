#include "capture/v4l2_find.h"

#include "common/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CARDS_MAX = 64 };

/* Appends to a text of limited size; what does not fit is cut off. */
static void append(char *text, size_t size, const char *part)
{
    size_t used = strlen(text);
    text_copy(text + used, size - used, part);
}

/* "vivid (/dev/video0), C270 (/dev/video2)"; with `name`, only the cards that contain it. */
static void list_cards(const struct v4l2_card *cards, int count, const char *name, char *text,
                       size_t size)
{
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (name && !strcasestr(cards[i].card, name))
            continue;
        if (text[0])
            append(text, size, ", ");
        append(text, size, cards[i].card);
        append(text, size, " (");
        append(text, size, cards[i].path);
        append(text, size, ")");
    }
}

int v4l2_match(const struct v4l2_card *cards, int count, const char *name, struct error *error)
{
    int exact = 0, similar = 0, exact_at = -1, similar_at = -1;
    for (int i = 0; i < count; i++) {
        if (strcmp(cards[i].card, name) == 0) {
            exact++;
            exact_at = i;
        }
        if (strcasestr(cards[i].card, name)) {
            similar++;
            similar_at = i;
        }
    }
    if (exact == 1)
        return exact_at;
    if (exact == 0 && similar == 1)
        return similar_at;

    char list[256];
    list_cards(cards, count, similar ? name : NULL, list, sizeof list);
    if (similar)
        error_set(error, "%d cameras are called \"%s\": %s; say the path", similar, name, list);
    else if (count)
        error_set(error, "no camera is called \"%s\"; there is %s", name, list);
    else
        error_set(error, "no camera is called \"%s\"; there is none here that may be opened", name);
    return -1;
}

static int is_video_node(const struct dirent *entry)
{
    return strncmp(entry->d_name, "video", 5) == 0;
}

/* The cameras that can be opened, in the order of their numbers. */
static int find_cards(struct v4l2_card *cards)
{
    struct dirent **entries = NULL;
    int entry_count = scandir("/dev", &entries, is_video_node, versionsort);
    int count = 0;
    for (int i = 0; i < entry_count; i++) {
        char path[V4L2_PATH_MAX];
        struct v4l2_device device;
        snprintf(path, sizeof path, "/dev/%.32s", entries[i]->d_name);
        free(entries[i]);
        if (count == CARDS_MAX || v4l2_device_open(&device, path, NULL) != CAPTURE_FRAME)
            continue;
        memcpy(cards[count].path, device.path, sizeof device.path);
        memcpy(cards[count].card, device.card, sizeof device.card);
        count++;
        v4l2_device_close(&device);
    }
    free(entries);
    return count;
}

static enum capture_status find_card(const char *name, char path[V4L2_PATH_MAX],
                                     struct error *error)
{
    struct v4l2_card *cards = calloc(CARDS_MAX, sizeof *cards);
    if (!cards) {
        error_set(error, "out of memory");
        return CAPTURE_LOST;
    }
    int found = v4l2_match(cards, find_cards(cards), name, error);
    if (found >= 0)
        memcpy(path, cards[found].path, V4L2_PATH_MAX);
    free(cards);
    return found >= 0 ? CAPTURE_FRAME : CAPTURE_LOST;
}

enum capture_status v4l2_find(const char *name, char path[V4L2_PATH_MAX], struct error *error)
{
    int length =
        snprintf(path, V4L2_PATH_MAX, "%s%s", strchr(name, '/') ? "" : "/dev/v4l/by-id/", name);
    if (length >= V4L2_PATH_MAX) {
        error_set(error, "\"%.40s...\" is too long for a camera's path or name", name);
        return CAPTURE_FAILED;
    }
    if (strchr(name, '/') || access(path, F_OK) == 0)
        return CAPTURE_FRAME;
    return find_card(name, path, error);
}
