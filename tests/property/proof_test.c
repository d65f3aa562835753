/*
 * What a proof rests on: the fold that stays in memory from the first event on makes, batch by
 * batch, the very movements that the ledger makes when it loads what a batch touches, in whatever
 * order the rows come; and ends with the same rows. So does the proof itself, which packs its rows
 * every few events and loads what it needs again. STOCKBUS_SEED and STOCKBUS_CASES as in
 * permutation_test.
 */
#include "lib/event/codec.h"

#include "tests/unit/stock/harness.h"
#include "tools/stockctl/proof.h"

/* clang-format off: cmocka's wants the one above */
#include "tests/property/dealing.h"
/* clang-format on */

enum { CASES = 2000 };

/* ---- one case: the same batches, folded twice ---- */

struct both {
    struct random random;
    struct store store;           /* as the ledger does it */
    struct stock *memory;         /* all of it in one fold */
    struct stockctl_proof *proof; /* in rounds */
    struct store_names known;
};

#define SHUFFLE_ROWS(random, table)                               \
    do {                                                          \
        for (size_t i_ = (table).len; i_ > 1; i_--) {             \
            size_t k_ = (size_t)pick(random, 0, (int64_t)i_ - 1); \
            typeof((table).rows[0]) was_ = (table).rows[i_ - 1];  \
                                                                  \
            (table).rows[i_ - 1] = (table).rows[k_];              \
            (table).rows[k_] = was_;                              \
        }                                                         \
    } while (0)

/* A database gives rows in any order, and the SKUs of a bundle sorted. */
static void shuffle_store(struct random *random, struct store *store)
{
    SHUFFLE_ROWS(random, store->lines);
    SHUFFLE_ROWS(random, store->parts);
    SHUFFLE_ROWS(random, store->mappings);
    for (size_t i = 0; i < store->mappings.len; i++) {
        struct stock_mapping *row = &store->mappings.rows[i];
        struct event_component *sorted =
            arena_memdup(store->arena, row->components, row->components_len * sizeof(*sorted));

        for (size_t k = 1; k < row->components_len; k++) {
            for (size_t at = k; at > 0 && strcmp(sorted[at].sku, sorted[at - 1].sku) < 0; at--) {
                struct event_component was = sorted[at];

                sorted[at] = sorted[at - 1];
                sorted[at - 1] = was;
            }
        }
        row->components = sorted;
    }
}

static void assert_same_movements(uint64_t seed, const struct stock *ledger,
                                  const struct stock *memory)
{
    const struct stock_movement *const *ours = NULL;
    const struct stock_movement *const *theirs = NULL;
    size_t len = stock_new_movements(ledger, &ours);

    if (stock_new_movements(memory, &theirs) != len)
        fail_msg("seed %" PRIu64 ": another number of movements", seed);
    for (size_t i = 0; i < len; i++) {
        const struct stock_movement *a = ours[i];
        const struct stock_movement *b = theirs[i];

        if (!same(a->event_id, b->event_id) || !IS_AT(a, b->sku, b->pool, b->bucket) ||
            a->delta != b->delta || a->effect != b->effect || a->balance != b->balance ||
            a->occurred_ms != b->occurred_ms || !same(a->reason, b->reason))
            fail_msg("seed %" PRIu64 ": movement %zu of a batch is %s %s %s %" PRId64 " %s, and %s "
                     "%s %s %" PRId64 " %s",
                     seed, i, a->sku, a->pool, a->bucket, a->delta, a->reason, b->sku, b->pool,
                     b->bucket, b->delta, b->reason);
    }
}

static bool line_of_event(void *opaque, const char *event_id, struct arena *arena,
                          struct stock_line *ret_line, struct err *err)
{
    const struct both *both = opaque;
    const struct event *event = store_event(&both->store, event_id);

    (void)arena;
    (void)err;
    ret_line->channel = event->source.channel;
    ret_line->order_id =
        event->kind == EVENT_ORDER_LINE ? event->order_line.order_id : event->part.order_id;
    ret_line->line_id =
        event->kind == EVENT_ORDER_LINE ? event->order_line.line_id : event->part.line_id;
    return true;
}

/* The record's movements, which the memory has from number `at` on. */
static size_t take_record(struct both *both, const struct event *event, size_t at, uint64_t seed)
{
    SCOPED(buf) struct buf body = {0};
    struct err err = {0};
    const struct stock_movement *const *ours = NULL;
    const struct stock_movement *const *theirs = NULL;

    event_encode(event, &body);
    const struct stockctl_proof_record record = {body.bytes, body.len, 0, 0};
    if (stockctl_proof_take(both->proof, &record, &err) != PROOF_FOLDED)
        fail_msg("seed %" PRIu64 ": %.8s is not folded: %s", seed, event->id, err.text);
    size_t count = stockctl_proof_movements(both->proof, &ours);
    size_t len = stock_new_movements(both->memory, &theirs);
    if (at + count > len)
        fail_msg("seed %" PRIu64 ": the proof has more movements", seed);
    for (size_t i = 0; i < count; i++) {
        const struct stock_movement *a = ours[i];
        const struct stock_movement *b = theirs[at + i];

        if (!same(a->event_id, b->event_id) || !IS_AT(a, b->sku, b->pool, b->bucket) ||
            a->delta != b->delta || a->effect != b->effect || a->balance != b->balance ||
            a->occurred_ms != b->occurred_ms || !same(a->reason, b->reason))
            fail_msg("seed %" PRIu64 ": the proof's movement of %.8s is %s %s %s %" PRId64
                     " %" PRId64 " %s, and should be %s %s %s %" PRId64 " %" PRId64 " %s",
                     seed, event->id, a->sku, a->pool, a->bucket, a->delta, a->effect, a->reason,
                     b->sku, b->pool, b->bucket, b->delta, b->effect, b->reason);
    }
    return at + count;
}

static void take_batch(struct both *both, const struct event *const *batch, size_t len,
                       uint64_t seed)
{
    const struct stock_movement *const *theirs = NULL;
    size_t at = 0;

    stockctl_proof_next_batch(both->proof);
    for (size_t i = 0; i < len; i++)
        at = take_record(both, batch[i], at, seed);
    if (at != stock_new_movements(both->memory, &theirs))
        fail_msg("seed %" PRIu64 ": the proof has fewer movements", seed);
}

static void fold_both(struct both *both, const struct trial *trial, size_t from, size_t to,
                      uint64_t seed)
{
    struct stock *ledger = stock_new(both->store.arena);
    const struct event *batch[2 * CASE_EVENTS_MAX];
    size_t len = 0;

    for (size_t i = from; i < to; i++) {
        if (names_has(&both->known, trial->events[i]->id, "", ""))
            continue;
        names_add(&both->known, trial->events[i]->id, "", "");
        batch[len++] = trial->events[i];
    }
    shuffle_store(&both->random, &both->store);
    struct store_touched touched = {.len = 0};
    store_load_decisions(&both->store, ledger, batch, len, &touched);
    store_load_touched(&both->store, ledger, touched.events, touched.len);
    stock_next_batch(both->memory);
    for (size_t i = 0; i < len; i++) {
        const char *ours = NULL;
        const char *theirs = NULL;

        enum stock_verdict our_verdict = stock_apply(ledger, batch[i], &ours);
        enum stock_verdict their_verdict = stock_apply(both->memory, batch[i], &theirs);

        if (our_verdict != their_verdict || !same(ours, theirs))
            fail_msg("seed %" PRIu64 ": %s %.8s is %s '%s', and %s '%s'", seed,
                     event_kind_name(batch[i]->kind), batch[i]->id, stock_verdict_name(our_verdict),
                     ours, stock_verdict_name(their_verdict), theirs);
        STORE_ADD(&both->store, events, batch[i]);
    }
    assert_same_movements(seed, ledger, both->memory);
    take_batch(both, batch, len, seed);
    stock_settle(ledger);
    store_save(&both->store, ledger);
}

/* ---- the ends ---- */

static size_t open_oversells(const struct stock *memory, const struct stock_oversell **open)
{
    const struct stock_oversell *const *all = NULL;
    size_t count = stock_changed_oversells(memory, &all);
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (all[i]->open)
            open[len++] = all[i];
    }
    return len;
}

static void assert_same_oversells(const struct both *both, uint64_t seed)
{
    const struct stock_oversell *open[256];
    size_t len = open_oversells(both->memory, open);

    if (len != both->store.oversells.len)
        fail_msg("seed %" PRIu64 ": %zu open oversells, and %zu", seed, both->store.oversells.len,
                 len);
    for (size_t i = 0; i < len; i++) {
        bool found = false;

        for (size_t k = 0; k < len; k++) {
            const struct stock_oversell *row = &both->store.oversells.rows[k];

            found = found || (same(row->sku, open[i]->sku) && same(row->pool, open[i]->pool) &&
                              row->available == open[i]->available &&
                              same(row->event_id, open[i]->event_id) &&
                              same(row->order_id, open[i]->order_id));
        }
        if (!found)
            fail_msg("seed %" PRIu64 ": the oversell of %s differs", seed, open[i]->sku);
    }
}

static void assert_same_positions(const struct both *both, uint64_t seed)
{
    const struct stock_position *const *rows = NULL;
    size_t len = stock_changed_positions(both->memory, &rows);

    if (len != both->store.positions.len)
        fail_msg("seed %" PRIu64 ": another number of positions", seed);
    for (size_t i = 0; i < len; i++) {
        bool found = false;

        for (size_t k = 0; k < len; k++)
            found = found || (IS_AT(&both->store.positions.rows[k], rows[i]->sku, rows[i]->pool,
                                    rows[i]->bucket) &&
                              both->store.positions.rows[k].quantity == rows[i]->quantity);
        if (!found)
            fail_msg("seed %" PRIu64 ": the position of %s differs", seed, rows[i]->sku);
    }
}

static void assert_same_listings(const struct both *both, uint64_t seed)
{
    const struct stock_listing_change *rows = NULL;
    size_t len = stock_changed_listings(both->memory, &rows);

    if (len != both->store.listings.len)
        fail_msg("seed %" PRIu64 ": another number of listings", seed);
    for (size_t i = 0; i < len; i++) {
        const struct stock_listing *ours = rows[i].listing;
        bool found = false;

        for (size_t k = 0; k < len; k++) {
            const struct stock_listing *row = &both->store.listings.rows[k];

            found = found ||
                    (same(row->channel, ours->channel) && same(row->listing, ours->listing) &&
                     same(row->address, ours->address) && row->quantity == ours->quantity &&
                     row->sold_here == ours->sold_here && row->open_here == ours->open_here &&
                     same(row->mapping_id, ours->mapping_id) && same(row->rule_id, ours->rule_id) &&
                     same(row->tier, ours->tier) && row->priced == ours->priced &&
                     same(row->measurement_id, ours->measurement_id) &&
                     same(row->latency_id, ours->latency_id));
        }
        if (!found)
            fail_msg("seed %" PRIu64 ": the listing %s differs", seed, ours->listing);
    }
}

/* ---- the rows of the proof against those of the memory ---- */

static const char *no_title(void *opaque, const char *event_id)
{
    (void)opaque;
    (void)event_id;
    return "";
}

static void assert_same_row(uint64_t seed, const struct stockctl_table *table, const void *ours,
                            const void *theirs)
{
    for (size_t i = 0; i < table->fields_len; i++) {
        const struct stockctl_field *field = &table->fields[i];
        const void *a = (const char *)ours + field->offset;
        const void *b = (const char *)theirs + field->offset;

        if (field->kind == FIELD_INT ? *(const int64_t *)a != *(const int64_t *)b
                                     : !same(*(const char *const *)a, *(const char *const *)b) &&
                                           !same(field->name, "title"))
            fail_msg("seed %" PRIu64 ": %s.%s differs", seed, table->name, field->name);
    }
}

static void assert_same_rows(const struct both *both, enum stockctl_proof_table number,
                             struct stockctl_rows *memory, uint64_t seed)
{
    const struct stockctl_table *table = &stockctl_proof_tables[number];
    struct stockctl_rows *proof = stockctl_proof_rows(both->proof, number);
    SCOPED(mem) const struct stockctl_row **ours = stockctl_rows_sorted(proof);
    SCOPED(mem) const struct stockctl_row **theirs = stockctl_rows_sorted(memory);
    struct arena *arena = both->store.arena;

    if (stockctl_rows_len(proof) != stockctl_rows_len(memory))
        fail_msg("seed %" PRIu64 ": %zu rows of %s, and %zu", seed, stockctl_rows_len(proof),
                 table->name, stockctl_rows_len(memory));
    for (size_t i = 0; i < stockctl_rows_len(proof); i++) {
        void *a = arena_alloc(arena, table->size);
        void *b = arena_alloc(arena, table->size);

        stockctl_rows_read(proof, ours[i], arena, a);
        stockctl_rows_read(memory, theirs[i], arena, b);
        assert_same_row(seed, table, a, b);
    }
}

static void assert_same_tables(const struct both *both, uint64_t seed)
{
    struct proof_tables memory;

    stockctl_proof_tables_init(&memory);
    stockctl_proof_tables_save(&memory, both->store.arena, both->memory, no_title, NULL);
    for (size_t i = PROOF_DECISIONS + 1; i < PROOF_TABLES; i++)
        assert_same_rows(both, i, memory.rows[i], seed);
    stockctl_proof_tables_release(&memory);
}

static void check_case(uint64_t seed)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct both *both = arena_alloc(arena, sizeof(*both));
    struct trial trial = {0};

    *both = (struct both){.random = random_from(~seed), .store = {.arena = arena}};
    both->memory = stock_new(arena);
    both->proof = stockctl_proof_new((size_t)pick(&both->random, 1, 12), line_of_event, both);
    trial.len = make_case(seed, arena, trial.events);
    duplicate(&both->random, &trial);
    shuffle(&both->random, &trial);
    for (size_t from = 0; from < trial.len;) {
        size_t to = from + (size_t)pick(&both->random, 1, BATCH_MAX);

        if (to > trial.len)
            to = trial.len;
        fold_both(both, &trial, from, to, seed);
        from = to;
    }
    stock_settle(both->memory);
    stockctl_proof_end(both->proof);
    assert_same_tables(both, seed);
    stockctl_proof_free(both->proof);
    assert_same_positions(both, seed);
    assert_same_listings(both, seed);
    assert_same_oversells(both, seed);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void a_fold_in_memory_makes_the_movements_of_the_ledger(void **state)
{
    uint64_t seed = number_of("STOCKBUS_SEED", 20240229);
    uint64_t cases = number_of("STOCKBUS_CASES", CASES);

    (void)state;
    for (uint64_t i = 0; i < cases; i++)
        check_case(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fold_in_memory_makes_the_movements_of_the_ledger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
