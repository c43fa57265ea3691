#include "nn/train/order.h"

#include "tests/suite.h"

#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 6 };

static struct dataset data;
static struct subset all;
static struct error error;

/* Grey pictures of 1 x 1 of two classes: so many of each. */
static void fill(struct dataset *of, int cats, int dogs)
{
    static const char *const names[] = {"cat", "dog"};
    ck_assert(dataset_reserve(of, cats + dogs, 1, 1, 1, &error));
    ck_assert(dataset_set_classes(of, names, 2, &error));
    for (int i = 0; i < cats + dogs; i++)
        of->labels[i] = i >= cats;
}

static void add_source(int cats, int dogs, double share)
{
    struct dataset other;
    fill(&other, cats, dogs);
    ck_assert_msg(dataset_append(&data, &other, &error), "%s", error.message);
    data.shares[data.source_count - 1] = share;
}

static void finish(void)
{
    subset_free(&all);
    dataset_free(&data);
}

/* seen[i]: how often the epochs first..end-1 show picture i; returns how many pictures they show.
 */
static int count(bool shuffle, bool balance, int first, int end, int *seen)
{
    const struct order_settings settings = {
        .pictures = &all, .shuffle = shuffle, .balance = balance, .seed = 9};
    int shown = 0;
    for (int epoch = first; epoch < end; epoch++) {
        int *order, length;
        ck_assert(order_draw(&settings, epoch, &order, &length, &error));
        ck_assert_int_eq(length, order_length(&settings));
        for (int i = 0; i < length; i++)
            seen[all.indices[order[i]]]++;
        shown += length;
        free(order);
    }
    return shown;
}

static int sum(const int *seen, int first, int end)
{
    int result = 0;
    for (int i = first; i < end; i++)
        result += seen[i];
    return result;
}

START_TEST(every_picture_once)
{
    int seen[12] = {0};
    fill(&data, 5, 7);
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert_int_eq(count(true, false, 3, 4, seen), 12);
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(seen[i], 1);
    finish();
}
END_TEST

START_TEST(unshuffled_is_the_subset)
{
    const struct order_settings settings = {.pictures = &all, .seed = 9};
    int *order, length;
    fill(&data, 5, 7);
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert(order_draw(&settings, 4, &order, &length, &error));
    for (int i = 0; i < length; i++)
        ck_assert_int_eq(order[i], i);
    free(order);
    finish();
}
END_TEST

START_TEST(balance_repeats_the_smaller_class)
{
    int seen[14] = {0};
    fill(&data, 4, 10);
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert_int_eq(count(true, true, 0, 1, seen), 20);
    ck_assert_int_eq(sum(seen, 0, 4), 10);
    for (int i = 0; i < 14; i++)
        ck_assert(i < 4 ? seen[i] == 2 || seen[i] == 3 : seen[i] == 1);
    count(true, true, 1, 2, seen);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(seen[i], 5);
    finish();
}
END_TEST

START_TEST(a_share_is_a_part_of_the_epoch)
{
    int seen[120] = {0};
    fill(&data, 30, 60);
    add_source(20, 10, 0.1);
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert_int_eq(count(true, false, 0, 1, seen), 100);
    ck_assert(sum(seen, 0, 90) == 90 && sum(seen, 90, 120) == 10);
    /* Three epochs go once round. */
    count(true, false, 1, 3, seen);
    for (int i = 90; i < 120; i++)
        ck_assert_int_eq(seen[i], 1);
    finish();
}
END_TEST

START_TEST(shares_and_balance_together)
{
    int seen[120] = {0};
    fill(&data, 30, 60);
    add_source(20, 5, 0.2);
    add_source(0, 5, 0.2);
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert_int_eq(count(true, true, 0, 1, seen), 200);
    ck_assert(sum(seen, 0, 30) == 60 && sum(seen, 30, 90) == 60);
    ck_assert(sum(seen, 90, 110) == 20 && sum(seen, 110, 115) == 20 && sum(seen, 115, 120) == 40);
    finish();
}
END_TEST

/* Held-out pictures are not fewer for the share that they have in training, nor of one class. */
START_TEST(judged_are_all_of_them)
{
    int seen[18] = {0};
    fill(&data, 5, 3);
    add_source(6, 4, 0.2);
    ck_assert(dataset_all(&data, &all, &error));
    const struct order_settings settings = {.pictures = &all, .judged = true};
    int *order, length;
    ck_assert(order_draw(&settings, 0, &order, &length, &error));
    ck_assert_int_eq(length, 18);
    ck_assert_int_eq(order_length(&settings), 18);
    for (int i = 0; i < length; i++)
        seen[all.indices[order[i]]]++;
    for (int i = 0; i < length; i++)
        ck_assert_int_eq(seen[i], 1);
    free(order);
    finish();
}
END_TEST

START_TEST(one_seed_one_order)
{
    struct order_settings settings = {
        .pictures = &all, .shuffle = true, .balance = true, .seed = 9};
    int *orders[4], length;
    fill(&data, 4, 10);
    ck_assert(dataset_all(&data, &all, &error));
    for (int i = 0; i < 4; i++) {
        settings.seed = i < 3 ? 9 : 10;
        ck_assert(order_draw(&settings, i == 2 ? 1 : 0, &orders[i], &length, &error));
    }
    const size_t bytes = (size_t)length * sizeof **orders;
    ck_assert_mem_eq(orders[0], orders[1], bytes);
    ck_assert_mem_ne(orders[0], orders[2], bytes);
    ck_assert_mem_ne(orders[0], orders[3], bytes);
    for (int i = 0; i < 4; i++)
        free(orders[i]);
    finish();
}
END_TEST

START_TEST(each_source_is_split)
{
    struct subset held_out;
    fill(&data, 10, 20);
    add_source(10, 10, 0.1);
    ck_assert(dataset_split(&data, 0.2, &all, &held_out, &error));
    ck_assert_int_eq(held_out.count, 2 + 4 + 2 + 2);
    ck_assert(held_out.indices[0] == 8 && held_out.indices[9] == 49);
    subset_free(&held_out);
    finish();
}
END_TEST

START_TEST(other_pictures_are_refused)
{
    static const char *const names[] = {"dog", "cat"};
    struct dataset other;
    fill(&data, 2, 2);
    ck_assert(dataset_reserve(&other, 2, 1, 1, 1, &error));
    ck_assert(dataset_set_classes(&other, names, 2, &error));
    ck_assert(!dataset_append(&data, &other, &error));
    ck_assert_str_eq(error.message, "its class 0 is 'dog', that of the training pictures 'cat'");
    dataset_free(&other);
    ck_assert(dataset_reserve(&other, 2, 1, 1, 1, &error));
    ck_assert(dataset_set_classes(&other, names, 1, &error));
    ck_assert(!dataset_append(&data, &other, &error));
    ck_assert_str_eq(error.message, "its number of classes is 1, that of the training pictures 2");
    dataset_free(&other);
    ck_assert(dataset_reserve(&other, 2, 2, 1, 1, &error));
    ck_assert(dataset_set_classes(&other, (const char *const *)data.class_names, 2, &error));
    ck_assert(!dataset_append(&data, &other, &error));
    ck_assert_str_eq(error.message, "pictures of 2 x 1 x 1 do not go with those of 1 x 1 x 1");
    ck_assert(data.count == 4 && other.count == 2);
    dataset_free(&other);
    finish();
}
END_TEST

TEST_MAIN(order, every_picture_once, unshuffled_is_the_subset, balance_repeats_the_smaller_class,
          a_share_is_a_part_of_the_epoch, shares_and_balance_together, judged_are_all_of_them,
          one_seed_one_order, each_source_is_split, other_pictures_are_refused)
