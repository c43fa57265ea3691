#include "capture/v4l2_controls.h"

#include "common/log.h"
#include "common/text.h"

#include <ctype.h>
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void v4l2_control_name(const char *title, char *name, size_t size)
{
    size_t used = 0;
    bool gap = false;
    for (; *title; title++) {
        if (!isalnum((unsigned char)*title)) {
            gap = used > 0;
            continue;
        }
        if (gap && used + 1 < size)
            name[used++] = '_';
        gap = false;
        if (used + 1 < size)
            name[used++] = (char)tolower((unsigned char)*title);
    }
    name[used] = '\0';
}

bool v4l2_control_next(char **text, char **name, char **value)
{
    static char nothing[1];
    for (char *part; (part = text_next_item(text));) {
        char *equals = strchr(part, '=');
        if (equals)
            *equals = '\0';
        *name = text_trim(part);
        *value = equals ? text_trim(equals + 1) : nothing;
        if (**name || **value)
            return true;
    }
    return false;
}

static bool is_settable(const struct v4l2_queryctrl *control)
{
    return !(control->flags & (V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_READ_ONLY)) &&
           (control->type == V4L2_CTRL_TYPE_INTEGER || control->type == V4L2_CTRL_TYPE_BOOLEAN ||
            control->type == V4L2_CTRL_TYPE_MENU || control->type == V4L2_CTRL_TYPE_INTEGER_MENU ||
            control->type == V4L2_CTRL_TYPE_BITMASK || control->type == V4L2_CTRL_TYPE_BUTTON);
}

/* Steps to the next settable control. Begin with a zeroed struct. */
static bool next_control(const struct v4l2_device *device, struct v4l2_queryctrl *control)
{
    do
        control->id |= V4L2_CTRL_FLAG_NEXT_CTRL;
    while (v4l2_device_ioctl(device, VIDIOC_QUERYCTRL, control) == 0 && !is_settable(control));
    return !(control->id & V4L2_CTRL_FLAG_NEXT_CTRL);
}

static bool find_control(const struct v4l2_device *device, const char *name,
                         struct v4l2_queryctrl *control)
{
    *control = (struct v4l2_queryctrl){0};
    while (next_control(device, control)) {
        char candidate[sizeof control->name];
        v4l2_control_name((const char *)control->name, candidate, sizeof candidate);
        if (strcasecmp(candidate, name) == 0)
            return true;
    }
    return false;
}

static void warn_of_unknown(const struct v4l2_device *device, const char *name)
{
    char list[768] = "none";
    size_t used = 0;
    struct v4l2_queryctrl control = {0};
    while (used < sizeof list && next_control(device, &control)) {
        char known[sizeof control.name];
        v4l2_control_name((const char *)control.name, known, sizeof known);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", known);
    }
    log_warning("%s: no control is called \"%s\"; there are %s", device->path, name, list);
}

static bool parse_number(const char *text, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 0);
    return errno == 0 && end != text && *end == '\0';
}

static bool parse_switch(const char *text, long long *number)
{
    static const char *const words[2][3] = {{"no", "off", "false"}, {"yes", "on", "true"}};
    for (int state = 0; state < 2; state++)
        for (int i = 0; i < 3; i++)
            if (strcasecmp(text, words[state][i]) == 0) {
                *number = state;
                return true;
            }
    return false;
}

/* The index of the item whose text is given. */
static bool parse_item(const struct v4l2_device *device, const struct v4l2_queryctrl *control,
                       const char *text, long long *number)
{
    for (int i = control->minimum; i <= control->maximum; i++) {
        struct v4l2_querymenu item = {.id = control->id, .index = (uint32_t)i};
        if (v4l2_device_ioctl(device, VIDIOC_QUERYMENU, &item) < 0)
            continue; /* menus have gaps */
        if (strcasecmp((const char *)item.name, text) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

static bool parse_value(const struct v4l2_device *device, const struct v4l2_queryctrl *control,
                        const char *text, long long *number)
{
    if (control->type == V4L2_CTRL_TYPE_BUTTON) {
        *number = 1;
        return true;
    }
    return parse_number(text, number) ||
           (control->type == V4L2_CTRL_TYPE_BOOLEAN && parse_switch(text, number)) ||
           (control->type == V4L2_CTRL_TYPE_MENU && parse_item(device, control, text, number));
}

/* Bit masks and buttons have no range; the driver looks after them. */
static int clamp(const struct v4l2_device *device, const struct v4l2_queryctrl *control,
                 const char *name, long long number)
{
    if (control->type == V4L2_CTRL_TYPE_BITMASK || control->type == V4L2_CTRL_TYPE_BUTTON)
        return (int)(uint32_t)number;
    long long nearest = number < control->minimum   ? control->minimum
                        : number > control->maximum ? control->maximum
                                                    : number;
    if (nearest != number)
        log_warning("%s: %s=%lld is outside %d..%d; %lld is taken", device->path, name, number,
                    control->minimum, control->maximum, nearest);
    return (int)nearest;
}

static void apply(const struct v4l2_device *device, const char *name, const char *value)
{
    struct v4l2_queryctrl control;
    long long number;
    if (!find_control(device, name, &control)) {
        warn_of_unknown(device, name);
        return;
    }
    if (!parse_value(device, &control, value, &number)) {
        log_warning("%s: \"%s\" is no value of the control %s; v4l2-ctl -d %s -L shows them",
                    device->path, value, name, device->path);
        return;
    }
    struct v4l2_control setting = {.id = control.id,
                                   .value = clamp(device, &control, name, number)};
    if (v4l2_device_ioctl(device, VIDIOC_S_CTRL, &setting) < 0)
        log_warning("%s: cannot set %s to %d: %s", device->path, name, setting.value,
                    strerror(errno));
    else
        log_debug("%s: %s=%d", device->path, name, setting.value);
}

void v4l2_controls_apply(const struct v4l2_device *device, const char *text)
{
    char *copy = strdup(text);
    if (!copy) {
        log_warning("%s: out of memory; its controls stay as they are", device->path);
        return;
    }
    char *rest = copy, *name, *value;
    while (v4l2_control_next(&rest, &name, &value))
        apply(device, name, value);
    free(copy);
}
