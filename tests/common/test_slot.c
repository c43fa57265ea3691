#include "common/slot.h"

#include "common/clock.h"
#include "tests/suite.h"

struct number {
    struct ref ref;
    int value;
};

static atomic_int alive;

static void number_destroy(struct ref *ref)
{
    atomic_fetch_sub(&alive, 1);
    free((struct number *)ref);
}

static struct ref *number_create(int value)
{
    struct number *number = calloc(1, sizeof *number);
    ck_assert_ptr_nonnull(number);
    ref_init(&number->ref, number_destroy);
    number->value = value;
    atomic_fetch_add(&alive, 1);
    return &number->ref;
}

static int value_and_drop(struct ref *ref)
{
    int value = ref ? ((struct number *)ref)->value : -1;
    ref_drop(ref);
    return value;
}

START_TEST(newest_wins)
{
    struct slot slot;
    slot_init(&slot);
    slot_put(&slot, number_create(1));
    slot_put(&slot, number_create(2));
    ck_assert_int_eq(value_and_drop(slot_take(&slot, 0)), 2);
    ck_assert_ptr_null(slot_take(&slot, 0));
    slot_finish(&slot);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

START_TEST(take_times_out_on_the_monotonic_clock)
{
    struct slot slot;
    slot_init(&slot);
    int64_t start_ns = clock_monotonic_ns();
    ck_assert_ptr_null(slot_take(&slot, 20 * NS_PER_MS));
    ck_assert_int_ge(clock_monotonic_ns() - start_ns, 20 * NS_PER_MS);
    slot_finish(&slot);
}
END_TEST

START_TEST(every_peeker_sees_the_newest_once)
{
    struct slot slot;
    slot_init(&slot);
    uint64_t first = 0, second = 0;
    slot_put(&slot, number_create(7));
    ck_assert_int_eq(value_and_drop(slot_peek(&slot, &first, 0)), 7);
    ck_assert_int_eq(value_and_drop(slot_peek(&slot, &second, 0)), 7);
    ck_assert_ptr_null(slot_peek(&slot, &first, 0));
    slot_put(&slot, number_create(8));
    slot_put(&slot, number_create(9));
    ck_assert_int_eq(value_and_drop(slot_peek(&slot, &first, 0)), 9);
    ck_assert_uint_eq(first, 3);
    slot_finish(&slot);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

START_TEST(closed_slot_drops_puts_and_keeps_what_it_has_for_take)
{
    struct slot slot;
    slot_init(&slot);
    slot_put(&slot, number_create(1));
    slot_close(&slot);
    slot_put(&slot, number_create(2));
    slot_put_wait(&slot, number_create(3));
    uint64_t version = 0;
    ck_assert_ptr_null(slot_peek(&slot, &version, NS_PER_S));
    ck_assert_int_eq(value_and_drop(slot_take(&slot, NS_PER_S)), 1);
    ck_assert_ptr_null(slot_take(&slot, NS_PER_S));
    ck_assert(slot_closed(&slot));
    slot_finish(&slot);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

enum { HANDED_OVER = 2000 };

static void *put_all(void *slot)
{
    for (int i = 0; i < HANDED_OVER; i++)
        slot_put_wait(slot, number_create(i));
    slot_close(slot);
    return NULL;
}

START_TEST(put_wait_loses_nothing)
{
    struct slot slot;
    slot_init(&slot);
    pthread_t producer;
    pthread_create(&producer, NULL, put_all, &slot);
    for (int i = 0; i < HANDED_OVER; i++)
        ck_assert_int_eq(value_and_drop(slot_take(&slot, 10 * (int64_t)NS_PER_S)), i);
    ck_assert_ptr_null(slot_take(&slot, NS_PER_S));
    pthread_join(producer, NULL);
    slot_finish(&slot);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

static void *peek_until_closed(void *argument)
{
    struct slot *slot = argument;
    uint64_t version = 0;
    int last = -1;
    while (!slot_closed(slot)) {
        struct ref *ref = slot_peek(slot, &version, NS_PER_S);
        if (!ref)
            continue;
        int value = value_and_drop(ref);
        ck_assert_int_gt(value, last);
        last = value;
    }
    return NULL;
}

START_TEST(many_readers_race_with_a_fast_producer)
{
    struct slot slot;
    slot_init(&slot);
    pthread_t readers[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&readers[i], NULL, peek_until_closed, &slot);
    for (int i = 0; i < 20000; i++)
        slot_put(&slot, number_create(i));
    slot_close(&slot);
    for (int i = 0; i < 4; i++)
        pthread_join(readers[i], NULL);
    slot_finish(&slot);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

TEST_MAIN(slot, newest_wins, take_times_out_on_the_monotonic_clock,
          every_peeker_sees_the_newest_once, closed_slot_drops_puts_and_keeps_what_it_has_for_take,
          put_wait_loses_nothing, many_readers_race_with_a_fast_producer)
