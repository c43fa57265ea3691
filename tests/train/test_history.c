#include "nn/train/history.h"

#include "nn/train/checkpoint_name.h"
#include "nn/train/tensorboard.h"
#include "tests/suite.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error error;

static struct history_row row(int epoch, double loss, double val_loss)
{
    return (struct history_row){epoch, {loss, 0.5, val_loss, val_loss / 2, 1e-3, 2.5}};
}

/* --- CSV -------------------------------------------------------------------------------------- */

START_TEST(comes_back_from_csv)
{
    struct history history = {0}, back;
    char path[] = "/tmp/pawcam-history-XXXXXX";
    close(mkstemp(path));
    for (int i = 1; i <= 3; i++) {
        struct history_row one = row(i, 1.0 / i, NAN);
        ck_assert(history_add(&history, &one, &error));
    }
    ck_assert_msg(history_write(&history, path, &error), "%s", error.message);
    ck_assert_msg(history_read(&back, path, &error), "%s", error.message);
    ck_assert_int_eq(back.count, 3);
    ck_assert_int_eq(back.rows[2].epoch, 3);
    ck_assert_double_eq_tol(back.rows[2].values[HISTORY_LOSS], 1.0 / 3, 1e-8);
    ck_assert(isnan(back.rows[0].values[HISTORY_VAL_LOSS])); /* the column was left out */
    history_free(&history);
    history_free(&back);
    unlink(path);
    ck_assert(!history_write(&history, "/nonexistent/a.csv", &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nonexistent/a.csv: cannot be written"));
}
END_TEST

START_TEST(epochs_are_numbers)
{
    static const char *const epochs[] = {"nan", "-1", "inf", "1e10", ""};
    char path[] = "/tmp/pawcam-history-XXXXXX";
    struct history history;
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        FILE *file = fopen(path, "w");
        fprintf(file, "epoch,loss\n%s,0.5\n", epochs[i]);
        fclose(file);
        ck_assert_msg(!history_read(&history, path, &error), "accepted: %s", epochs[i]);
        ck_assert_ptr_nonnull(strstr(error.message, ":2: one number for each"));
    }
    unlink(path);
}
END_TEST

/* --- names of checkpoints --------------------------------------------------------------------- */

static void assert_name(const char *pattern, const char *expected)
{
    char name[64];
    struct history_row one = row(3, 0.25, 0.123456);
    ck_assert_msg(checkpoint_name_check(pattern, true, &error), "%s", error.message);
    ck_assert(checkpoint_name_fill(pattern, &one, name, sizeof name));
    ck_assert_str_eq(name, expected);
}

START_TEST(checkpoints_are_named_as_in_keras)
{
    assert_name("{epoch:02d}-{val_loss:.4f}.hdf5", "03-0.1235.hdf5");
    assert_name("{val_loss:08.4f},{loss:8.4f}", "000.1235,  0.2500");
    assert_name("{loss:010.2e},{loss:07.3g}", "002.50e-01,0000.25");
    assert_name("best.h5", "best.h5");
    assert_name("{epoch}/{acc:.1e}", "3/5.0e-01");
    char name[8];
    struct history_row one = row(3, 0.25, 0.5);
    ck_assert(!checkpoint_name_fill("{loss:.20f}", &one, name, sizeof name));
    ck_assert(!checkpoint_name_check("{epoch", true, &error));
    ck_assert(!checkpoint_name_check("{epoch:s}", true, &error));
    ck_assert(!checkpoint_name_check("a}", true, &error));
    ck_assert(!checkpoint_name_check("{val_loss}", false, &error));
}
END_TEST

/* --- TensorBoard ------------------------------------------------------------------------------ */

START_TEST(crc_is_castagnoli)
{
    uint8_t zeros[32] = {0};
    ck_assert_uint_eq(tensorboard_crc32c("123456789", 9), 0xe3069283);
    ck_assert_uint_eq(tensorboard_crc32c(zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    ck_assert_uint_eq(tensorboard_mask(0xe3069283),
                      ((0xe3069283U >> 15) | (0xe3069283U << 17)) + 0xa282ead8U);
}
END_TEST

struct reader {
    const uint8_t *at, *end;
};

static uint64_t get(struct reader *r, int bytes)
{
    uint64_t value = 0;
    ck_assert(r->end - r->at >= bytes);
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)*r->at++ << (8 * i);
    return value;
}

static uint64_t get_varint(struct reader *r)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint64_t byte = get(r, 1);
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static struct reader get_bytes(struct reader *r, uint64_t size)
{
    ck_assert_uint_ge((uint64_t)(r->end - r->at), size);
    struct reader part = {r->at, r->at + size};
    r->at += size;
    return part;
}

struct event {
    double wall_s;
    int64_t step;
    char text[32]; /* file version or tag */
    float value;
};

/* Summary.value: tag and simple_value. */
static void read_value(struct reader r, struct event *event)
{
    while (r.at < r.end) {
        uint64_t key = get_varint(&r);
        if (key == (1 << 3 | 2)) {
            struct reader tag = get_bytes(&r, get_varint(&r));
            snprintf(event->text, sizeof event->text, "%.*s", (int)(tag.end - tag.at), tag.at);
        } else {
            ck_assert_uint_eq(key, 2 << 3 | 5);
            uint32_t bits = (uint32_t)get(&r, 4);
            memcpy(&event->value, &bits, sizeof bits);
        }
    }
}

static struct event read_event(struct reader r)
{
    struct event event = {0};
    while (r.at < r.end) {
        uint64_t key = get_varint(&r), bits;
        switch (key >> 3) {
        case 1:
            bits = get(&r, 8);
            memcpy(&event.wall_s, &bits, sizeof bits);
            break;
        case 2:
            event.step = (int64_t)get_varint(&r);
            break;
        case 3: {
            struct reader version = get_bytes(&r, get_varint(&r));
            snprintf(event.text, sizeof event.text, "%.*s", (int)(version.end - version.at),
                     version.at);
            break;
        }
        default: {
            ck_assert_uint_eq(key, 5 << 3 | 2);
            struct reader summary = get_bytes(&r, get_varint(&r));
            ck_assert_uint_eq(get_varint(&summary), 1 << 3 | 2);
            read_value(get_bytes(&summary, get_varint(&summary)), &event);
        }
        }
    }
    return event;
}

/* All records of a file, after checking their sums. */
static int read_events(const char *path, struct event *events)
{
    static uint8_t bytes[1 << 17];
    int count = 0;
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    struct reader r = {bytes, bytes + fread(bytes, 1, sizeof bytes, file)};
    fclose(file);
    while (r.at < r.end) {
        const uint8_t *length = r.at;
        uint64_t size = get(&r, 8);
        ck_assert_uint_eq(get(&r, 4), tensorboard_mask(tensorboard_crc32c(length, 8)));
        struct reader data = get_bytes(&r, size);
        ck_assert_uint_eq(get(&r, 4), tensorboard_mask(tensorboard_crc32c(data.at, size)));
        events[count++] = read_event(data);
    }
    return count;
}

START_TEST(tensorboard_files_can_be_read)
{
    char folder[] = "/tmp/pawcam-events-XXXXXX", path[100];
    struct event events[16];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 1; i <= 2; i++) {
        struct history_row one = row(i, 0.5 / i, 0.75);
        ck_assert_msg(tensorboard_add_epoch(folder, &one, &error), "%s", error.message);
    }
    snprintf(path, sizeof path, "%s/train/events.out.tfevents.0.pawcam.v2", folder);
    ck_assert_int_eq(read_events(path, events), 7);
    ck_assert_str_eq(events[0].text, "brain.Event:2");
    ck_assert(events[0].wall_s > 1.5e9);
    ck_assert_str_eq(events[1].text, "epoch_loss");
    ck_assert(events[1].value == 0.5F && events[1].step == 1);
    ck_assert_str_eq(events[5].text, "epoch_accuracy");
    ck_assert(events[4].value == 0.25F && events[4].step == 2);
    snprintf(path, sizeof path, "%s/validation/events.out.tfevents.0.pawcam.v2", folder);
    ck_assert_int_eq(read_events(path, events), 5);
    ck_assert(events[1].value == 0.75F);
    snprintf(path, sizeof path, "rm -r %s", folder);
    ck_assert_int_eq(system(path), 0);
    struct history_row one = row(1, 0.5, NAN);
    ck_assert(!tensorboard_add_epoch("/dev/null/a", &one, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/dev/null/a/train: cannot be made"));
}
END_TEST

/* Writes epochs first..last, of which each is three records behind the version's. */
static void add_epochs(const char *folder, int first, int last)
{
    for (int i = first; i <= last; i++) {
        struct history_row one = row(i, 0.5 / i, NAN);
        ck_assert_msg(tensorboard_add_epoch(folder, &one, &error), "%s", error.message);
    }
}

static off_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : -1;
}

START_TEST(tensorboard_files_survive_full_disks_and_crashes)
{
    char folder[] = "/tmp/pawcam-events-XXXXXX", path[100];
    struct event events[1000];
    struct rlimit unlimited, limit;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/train/events.out.tfevents.0.pawcam.v2", folder);
    ck_assert(tensorboard_begin(folder, 3, &error) && tensorboard_begin(folder, 0, &error));
    add_epochs(folder, 1, 2);
    const off_t whole = size_of(path);

    getrlimit(RLIMIT_FSIZE, &unlimited);
    limit = (struct rlimit){(rlim_t)whole + 100, unlimited.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    struct history_row one = row(3, 0.5, NAN);
    ck_assert(!tensorboard_add_epoch(folder, &one, &error));
    ck_assert_msg(strstr(error.message, "File too large"), "%s", error.message);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    ck_assert_int_eq(size_of(path), whole);
    add_epochs(folder, 4, 4);
    ck_assert_int_eq(read_events(path, events), 10);
    ck_assert_int_eq(events[9].step, 4);

    /* Killed in the middle of a record, and taken up behind an epoch before. */
    ck_assert_int_eq(truncate(path, size_of(path) - 5), 0);
    ck_assert(tensorboard_begin(folder, 4, &error));
    ck_assert_int_eq(read_events(path, events), 9);
    ck_assert(tensorboard_begin(folder, 1, &error));
    ck_assert_int_eq(read_events(path, events), 4);
    add_epochs(folder, 2, 300);
    ck_assert(tensorboard_begin(folder, 200, &error)); /* whose number has two bytes */
    ck_assert_int_eq(read_events(path, events), 601);
    ck_assert_int_eq(events[600].step, 200);

    ck_assert(tensorboard_begin(folder, 0, &error) && size_of(path) == -1);
    snprintf(path, sizeof path, "rm -r %s", folder);
    ck_assert_int_eq(system(path), 0);
}
END_TEST

TEST_MAIN(history, comes_back_from_csv, epochs_are_numbers, checkpoints_are_named_as_in_keras,
          crc_is_castagnoli, tensorboard_files_can_be_read,
          tensorboard_files_survive_full_disks_and_crashes)
