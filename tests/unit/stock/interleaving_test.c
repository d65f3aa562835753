/*
 * F82: two channels sell the same stock, the ledger learns of each sale later, and what it pushes
 * arrives later still, over what the channel sold meanwhile. Every order in which that can happen
 * is tried, up to a bound: with a buffer as large as the units in flight nothing is oversold in any
 * of them; with one unit less it is in some.
 */
#include "tests/unit/stock/harness.h"

enum {
    STOCK = 6,
    SOLD_MAX = STOCK + 1, /* of both channels together: the first oversell ends a path */
    STATES_MAX = 1 << 18,
};

static const char *const channels[] = {"shop", "mall"};

struct world {
    uint8_t sold[2];
    uint8_t known[2];      /* of these the ledger knows */
    uint8_t sent[2];       /* what the push on its way to a channel shows, + 1; 0: none is */
    uint8_t sent_known[2]; /* the sales that it knew of */
    uint8_t shown[2];
    uint8_t seen[2]; /* the sales that what a channel shows has taken into account */
};

struct search {
    int64_t targets[SOLD_MAX + 1][SOLD_MAX + 1][2]; /* by what the ledger knows */
    uint8_t in_flight_max;
    struct world *stack;
    size_t stack_len;
    uint64_t *visited; /* hashes; 0 is free */
    size_t states;
    bool is_oversold;
};

/* ---- what the ledger would show, by lib/stock itself ---- */

static int64_t quantity_on(const struct shop *shop, const char *channel)
{
    for (size_t i = 0; i < shop->store.listings.len; i++) {
        if (same(shop->store.listings.rows[i].channel, channel))
            return shop->store.listings.rows[i].quantity;
    }
    fail();
    return 0;
}

static void sell(struct shop *shop, size_t channel, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        char id[24];
        snprintf(id, sizeof(id), "%zu", i);
        struct event event = report((struct event_order_line){
            .order_id = arena_strdup(shop->store.arena, id), .ordered = 1});
        event.source.channel = channels[channel];
        put(shop, event);
    }
}

static void targets_of(int64_t buffer, size_t first, size_t second, int64_t targets[2])
{
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    for (size_t i = 0; i < 2; i++) {
        struct event event = mapped(&shop, "cap", 1, 10);
        event.mapping.channel = channels[i];
        put(&shop, event);
    }
    put(&shop, counted(STOCK, 20));
    put(&shop, ruled(30, (struct event_rule){.buffer_units = buffer}));
    sell(&shop, 0, first);
    sell(&shop, 1, second);
    settle(&shop);
    for (size_t i = 0; i < 2; i++)
        targets[i] = quantity_on(&shop, channels[i]);
}

/* ---- every order ---- */

static uint64_t hash_of(const struct world *world)
{
    const uint8_t *bytes = (const uint8_t *)world;
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < sizeof(*world); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    return hash == 0 ? 1 : hash;
}

/* Two worlds of one hash would be taken for one: of so many, once in a hundred million searches. */
static void visit(struct search *search, const struct world *world)
{
    uint64_t hash = hash_of(world);
    size_t at = (size_t)(hash >> 20) % (2 * STATES_MAX);

    for (; search->visited[at] != 0; at = (at + 1) % (2 * STATES_MAX)) {
        if (search->visited[at] == hash)
            return;
    }
    assert_true(++search->states < STATES_MAX);
    search->visited[at] = hash;
    search->stack[search->stack_len++] = *world;
}

static uint8_t in_flight(const struct world *world, size_t channel)
{
    return (uint8_t)(world->sold[0] + world->sold[1] - world->seen[channel]);
}

static void try_sale(struct search *search, struct world world, size_t channel)
{
    if (world.shown[channel] == 0)
        return;
    world.shown[channel]--;
    world.sold[channel]++;
    world.seen[channel]++;
    if (in_flight(&world, 0) > search->in_flight_max ||
        in_flight(&world, 1) > search->in_flight_max)
        return;
    if (world.sold[0] + world.sold[1] > STOCK)
        search->is_oversold = true;
    else
        visit(search, &world);
}

static void try_learning(struct search *search, struct world world, size_t channel)
{
    if (world.known[channel] == world.sold[channel])
        return;
    world.known[channel]++;
    visit(search, &world);
}

static void try_sending(struct search *search, struct world world, size_t channel)
{
    if (world.sent[channel] != 0)
        return;
    world.sent[channel] = (uint8_t)(search->targets[world.known[0]][world.known[1]][channel] + 1);
    world.sent_known[channel] = (uint8_t)(world.known[0] + world.known[1]);
    visit(search, &world);
}

/* It replaces what the channel shows, sales of its own included that the ledger did not know. */
static void try_arriving(struct search *search, struct world world, size_t channel)
{
    if (world.sent[channel] == 0)
        return;
    world.shown[channel] = (uint8_t)(world.sent[channel] - 1);
    world.seen[channel] = world.sent_known[channel];
    world.sent[channel] = 0;
    world.sent_known[channel] = 0;
    if (in_flight(&world, channel) <= search->in_flight_max)
        visit(search, &world);
}

static bool can_oversell(int64_t buffer, uint8_t in_flight_max, size_t *ret_states)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct search *search = arena_alloc(arena, sizeof(*search));
    struct world world = {0};

    search->in_flight_max = in_flight_max;
    search->stack = arena_alloc(arena, STATES_MAX * sizeof(*search->stack));
    search->visited = arena_alloc(arena, (size_t)2 * STATES_MAX * sizeof(*search->visited));
    for (size_t first = 0; first <= STOCK; first++) {
        for (size_t second = 0; first + second <= STOCK; second++)
            targets_of(buffer, first, second, search->targets[first][second]);
    }
    for (size_t i = 0; i < 2; i++)
        world.shown[i] = (uint8_t)search->targets[0][0][i];
    visit(search, &world);
    while (search->stack_len > 0 && !search->is_oversold) {
        world = search->stack[--search->stack_len];
        for (size_t i = 0; i < 2; i++) {
            try_sale(search, world, i);
            try_learning(search, world, i);
            try_sending(search, world, i);
            try_arriving(search, world, i);
        }
    }
    *ret_states = search->states;
    return search->is_oversold;
}

static void a_buffer_of_what_is_in_flight_never_oversells(void **state)
{
    (void)state;
    for (uint8_t in_flight_max = 1; in_flight_max < STOCK; in_flight_max++) {
        size_t states = 0;

        assert_false(can_oversell(in_flight_max, in_flight_max, &states));
        printf("%u in flight, buffer %u: no oversell in %zu states\n", in_flight_max, in_flight_max,
               states);
    }
}

static void a_buffer_of_less_oversells_in_some_order(void **state)
{
    (void)state;
    for (uint8_t in_flight_max = 1; in_flight_max < STOCK; in_flight_max++) {
        size_t states = 0;

        assert_true(can_oversell(in_flight_max - 1, in_flight_max, &states));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_of_what_is_in_flight_never_oversells),
        cmocka_unit_test(a_buffer_of_less_oversells_in_some_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
