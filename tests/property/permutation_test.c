/*
 * Order does not matter: random sets of events are folded in one batch, shuffled, split into
 * batches through a store, and delivered twice; all ends are equal, and after every batch each
 * position is the sum of its movements' effects and its latest count plus what moved later.
 *
 * STOCKBUS_SEED repeats a run, STOCKBUS_CASES sets its length. What fails is shrunk and printed.
 */
#include "tests/unit/stock/harness.h"

/* clang-format off: cmocka's wants the one above */
#include "tests/property/dealing.h"
/* clang-format on */

enum { CASE_SHUFFLES = 6, CASES = 2000, PROGRESS_CASES = 1000 };

/* ---- what a fold ends in, as sorted lines of text ---- */

struct sheet {
    char *lines[1024];
    size_t len;
};

static void sheet_add(struct sheet *sheet, struct arena *arena, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void sheet_add(struct sheet *sheet, struct arena *arena, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert_true(sheet->len < ARRAY_LEN(sheet->lines));
    sheet->lines[sheet->len++] = arena_strdup(arena, text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sheet_lines(struct sheet *sheet, const struct store *store)
{
    for (size_t i = 0; i < store->lines.len; i++) {
        const struct stock_line *row = &store->lines.rows[i];

        sheet_add(sheet, store->arena,
                  "line %s %s %s: listing '%s' ordered %" PRId64 " cancelled %" PRId64 "/%" PRId64
                  " shipped %" PRId64 " returned %" PRId64 " placed %" PRId64 " version %" PRId64
                  " voided %" PRId64 " report %.8s mapping %.8s waiting '%s' pool '%s' for '%s'",
                  row->channel, row->order_id, row->line_id, row->listing, row->ordered,
                  row->reported_cancelled, row->cancelled, row->shipped, row->returned,
                  row->placed_ms, row->version_ms, row->voided_ms, row->report_id, row->mapping_id,
                  row->waiting, row->pool, row->fulfils);
    }
    for (size_t i = 0; i < store->voided.len; i++)
        sheet_add(sheet, store->arena, "voided %s %s: %" PRId64, store->voided.rows[i].channel,
                  store->voided.rows[i].order_id, store->voided.rows[i].voided_ms);
}

static void sheet_consignments(struct sheet *sheet, const struct store *store)
{
    for (size_t i = 0; i < store->consignments.len; i++) {
        const struct stock_consignment *row = &store->consignments.rows[i];

        sheet_add(sheet, store->arena,
                  "%s %s %s: %s %s %s>%s '%s' report %.8s sent %" PRId64 "-%" PRId64 "/%" PRId64
                  " received %" PRId64 "+%" PRId64 " gone %" PRId64 "+%" PRId64 " missing %" PRId64
                  " transit %" PRId64 " at %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                  " %" PRId64 " waiting '%s'",
                  row->kind, row->id, row->sku, row->channel, row->from_bucket, row->from_pool,
                  row->to_pool, row->status, row->report_id, row->sent, row->cancelled,
                  row->shipped, row->received, row->damaged, row->disposed, row->lost,
                  row->missing, row->transit, row->version_ms, row->created_ms, row->arrived_ms,
                  row->receiving_ms, row->closed_ms, row->waiting);
    }
}

static void sheet_targets(struct sheet *sheet, const struct store *store)
{
    for (size_t i = 0; i < store->listings.len; i++) {
        const struct stock_listing *row = &store->listings.rows[i];

        sheet_add(sheet, store->arena,
                  "listing %s %s: quantity %" PRId64 " sold %" PRId64
                  " open %" PRId64 " address '%s' mapping %.8s rule '%.8s' tier '%s'"
                  " priced %" PRId64 " by '%.8s' '%.8s'",
                  row->channel, row->listing, row->quantity, row->sold_here, row->open_here,
                  row->address, row->mapping_id, row->rule_id, row->tier, row->priced,
                  row->measurement_id, row->latency_id);
    }
}

static void sheet_statuses(struct sheet *sheet, const struct store *store)
{
    for (size_t i = 0; i < store->statuses.len; i++) {
        const struct stock_status *row = &store->statuses.rows[i];
        SCOPED(buf) struct buf text = {0};

        put_status(row, status_is_decision(store, row), &text);
        sheet_add(sheet, store->arena, "event %.8s: %s", row->event_id, buf_str(&text));
    }
}

/* A position that moved and came back to zero is as one that never moved. */
static void sheet_make(struct sheet *sheet, const struct store *store)
{
    sheet->len = 0;
    sheet_lines(sheet, store);
    sheet_targets(sheet, store);
    sheet_consignments(sheet, store);
    for (size_t i = 0; i < store->positions.len; i++) {
        const struct stock_position *row = &store->positions.rows[i];

        if (row->quantity != 0)
            sheet_add(sheet, store->arena, "position %s %s %s: %" PRId64, row->sku, row->pool,
                      row->bucket, row->quantity);
    }
    for (size_t i = 0; i < store->counts.len; i++) {
        const struct stock_count *row = &store->counts.rows[i];

        /* One that never was in force is as one that is not now. */
        if (*row->event_id == '\0')
            continue;
        sheet_add(sheet, store->arena, "count %s %s %s: %" PRId64 " at %" PRId64 " by %.8s",
                  row->sku, row->pool, row->bucket, row->quantity, row->counted_ms, row->event_id);
    }
    for (size_t i = 0; i < store->oversells.len; i++) {
        const struct stock_oversell *row = &store->oversells.rows[i];

        sheet_add(sheet, store->arena, "oversell %s %s: %" PRId64, row->sku, row->pool,
                  row->available);
    }
    sheet_statuses(sheet, store);
    sheet_add(sheet, store->arena,
              "catalogue: %zu mappings, %zu rules, %zu pools, %zu parts, %zu counts, %zu reports, "
              "%zu receipts",
              store->mappings.len, store->rules.len, store->pools.len, store->parts.len,
              store->count_facts.len, store->reports.len, store->receipts.len);
    qsort(sheet->lines, sheet->len, sizeof(sheet->lines[0]), by_text);
}

static void sheets_differ(const struct sheet *a, const struct sheet *b, struct buf *why)
{
    size_t i = 0;
    size_t k = 0;

    while (i < a->len || k < b->len) {
        int order = i == a->len ? 1 : k == b->len ? -1 : strcmp(a->lines[i], b->lines[k]);

        if (order < 0)
            buf_printf(why, "\n    - %s", a->lines[i]);
        if (order > 0)
            buf_printf(why, "\n    + %s", b->lines[k]);
        i += order <= 0;
        k += order >= 0;
    }
}

/* One way of delivering the events ends as `expected` does; says why not. */
static bool trial_ends_equal(struct random *random, struct trial *trial,
                             const struct sheet *expected, struct buf *why)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct store store = {.arena = arena};
    struct sheet *sheet = arena_alloc(arena, sizeof(*sheet));

    if (!fold(random, &store, trial, why))
        return false;
    sheet_make(sheet, &store);
    sheets_differ(expected, sheet, why);
    return why->len == 0;
}

/* All deliveries of the events end equal. The way they are dealt out depends on the seed only. */
static bool events_end_equal(const struct event *const *events, size_t len, uint64_t seed,
                             struct buf *why)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct random random = random_from(seed);
    struct store store = {.arena = arena};
    struct sheet *expected = arena_alloc(arena, sizeof(*expected));
    struct trial straight = {.len = len};

    memcpy(straight.events, events, len * sizeof(*events));
    if (!fold(&random, &store, &straight, why))
        return false;
    sheet_make(expected, &store);
    for (int i = 0; i < CASE_SHUFFLES; i++) {
        struct trial trial = straight;

        trial.is_split = i > 0;
        trial.is_touched_only = i % 2 == 0;
        if (i >= CASE_SHUFFLES / 2)
            duplicate(&random, &trial);
        shuffle(&random, &trial);
        if (!trial_ends_equal(&random, &trial, expected, why))
            return false;
    }
    return true;
}

/* ---- failing: shrink, print ---- */

static size_t without(const struct event *const *events, size_t len, size_t at,
                      const struct event **ret)
{
    memcpy(ret, events, at * sizeof(*events));
    memcpy(ret + at, events + at + 1, (len - at - 1) * sizeof(*events));
    return len - 1;
}

/* Drops events as long as it still fails, for any of some ways of dealing out. */
static bool fails(const struct event *const *events, size_t len, uint64_t *seed)
{
    for (uint64_t i = 0; i < 50; i++) {
        SCOPED(buf) struct buf why = {0};

        if (!events_end_equal(events, len, *seed + i, &why)) {
            *seed += i;
            return true;
        }
    }
    return false;
}

static size_t shrink(const struct event **events, size_t len, uint64_t *seed)
{
    for (size_t at = 0; at < len;) {
        const struct event *fewer[CASE_EVENTS_MAX];

        without(events, len, at, fewer);
        if (fails(fewer, len - 1, seed)) {
            memcpy(events, fewer, --len * sizeof(*events));
            at = 0;
        } else {
            at++;
        }
    }
    return len;
}

static void print_mapping(const struct event_mapping *fact)
{
    printf(" %s %s at '%s' pool %s:", fact->channel, fact->listing, fact->address, fact->pool);
    for (size_t i = 0; i < fact->components_len; i++)
        printf(" %" PRId64 " %s", fact->components[i].units, fact->components[i].sku);
}

static void print_rule(const struct event_rule *rule)
{
    printf(" '%s' '%s' '%s' '%s': %zu pools %zu buckets, buffer %" PRId64 " or %" PRId64
           "%% or %" PRId64 " ppm, cap %" PRId64 ", floor %" PRId64,
           rule->channel, rule->listing, rule->sku, rule->tier, rule->pools_len, rule->buckets_len,
           rule->buffer_units, rule->buffer_percent, rule->risk_bound_ppm, rule->cap, rule->floor);
}

static void print_velocity(const struct event_velocity *velocity)
{
    printf(" %s as of %" PRId64 " in %" PRId64 " ms:", velocity->sku, velocity->as_of_ms,
           velocity->window_ms);
    for (size_t i = 0; i < velocity->units_len; i++)
        printf(" %" PRId64 " on %s", velocity->units[i].units, velocity->units[i].channel);
}

static void print_fact(const struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        printf(" %s %s '%s' ordered %" PRId64 " cancelled %" PRId64 " placed %" PRId64
               " version %" PRId64 " pool '%s' for '%s'",
               event->order_line.order_id, event->order_line.line_id, event->order_line.listing,
               event->order_line.ordered, event->order_line.cancelled, event->order_line.placed_ms,
               event->order_line.version_ms, event->order_line.pool, event->order_line.fulfils);
        return;
    case EVENT_ORDER_VOIDED:
        printf(" %s version %" PRId64, event->order_voided.order_id,
               event->order_voided.version_ms);
        return;
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        printf(" %s %s '%s' %" PRId64 " to '%s'", event->part.order_id, event->part.line_id,
               event->part.listing, event->part.quantity, event->part.bucket);
        return;
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        printf(" %s %s %s %" PRId64 " of '%s%s' %s", event->stock.sku, event->stock.pool,
               event->stock.bucket, event->stock.quantity, event->stock.shipment_id,
               event->stock.removal_id, event->stock.reason);
        return;
    case EVENT_INBOUND_REPORTED:
        printf(" %s %s '%s'>%s %s sent %" PRId64 " received %" PRId64 " damaged %" PRId64
               " lost %" PRId64 " version %" PRId64,
               event->inbound.shipment_id, event->inbound.sku, event->inbound.from_pool,
               event->inbound.to_pool, event->inbound.status, event->inbound.sent,
               event->inbound.received, event->inbound.damaged, event->inbound.lost,
               event->inbound.version_ms);
        return;
    case EVENT_REMOVAL_REPORTED:
        printf(" %s %s %s requested %" PRId64 " cancelled %" PRId64 " disposed %" PRId64
               " received %" PRId64 " lost %" PRId64 " version %" PRId64,
               event->removal.removal_id, event->removal.sku, event->removal.bucket,
               event->removal.requested, event->removal.cancelled, event->removal.disposed,
               event->removal.received, event->removal.lost, event->removal.version_ms);
        return;
    case EVENT_STOCK_TRANSFERRED:
        printf(" %s %" PRId64 " to %s %s", event->transfer.sku, event->transfer.quantity,
               event->transfer.to_pool, event->transfer.to_bucket);
        return;
    case EVENT_MAPPING_CHANGED:
        return print_mapping(&event->mapping);
    case EVENT_POOL_CHANGED:
        printf(" %s authority %d", event->pool.pool, (int)event->pool.authority);
        return;
    case EVENT_RULE_CHANGED:
        return print_rule(&event->rule);
    case EVENT_DECIDED:
        printf(" %.8s number %" PRId64 " %s", event->decided.event_id, event->decided.number,
               event_decision_name(event->decided.decision));
        for (size_t i = 0; i < event->decided.changes_len; i++)
            printf(" %s=%s", event->decided.changes[i].field, event->decided.changes[i].value);
        return;
    case EVENT_TIER_DEFINED:
        printf(" %s from %" PRId64, event->tier.tier, event->tier.from_per_day);
        return;
    case EVENT_VELOCITY_MEASURED:
        return print_velocity(&event->velocity);
    case EVENT_LATENCY_MEASURED:
        printf(" %s as of %" PRId64 " is %" PRId64 " ms", event->latency.channel,
               event->latency.as_of_ms, event->latency.latency_ms);
        return;
    case EVENT_PROMOTION_CHANGED:
        printf(" %s %s", event->promotion.sku, event->promotion.active ? "on" : "off");
        return;
    case EVENT_OBSERVATION:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        return;
    }
}

static void print_failure(const struct event **events, size_t len, uint64_t seed)
{
    SCOPED(buf) struct buf why = {0};

    len = shrink(events, len, &seed);
    events_end_equal(events, len, seed, &why);
    printf("minimal case, %zu events:\n", len);
    for (size_t i = 0; i < len; i++) {
        printf("  %.8s at %" PRId64 " %s %s", events[i]->id, events[i]->times.occurred_ms,
               events[i]->source.channel, event_kind_name(events[i]->kind));
        print_fact(events[i]);
        printf("\n");
    }
    printf("  ends: %s\n", buf_str(&why));
}

/* ---- the property ---- */

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void print_progress(uint64_t cases, uint64_t events)
{
    printf("%" PRIu64 " cases, %" PRIu64 " events, %" PRIu64 " permutations\n", cases, events,
           cases * CASE_SHUFFLES);
    fflush(stdout);
}

static void any_order_split_and_duplication_ends_equal(void **state)
{
    uint64_t seed = number_of("STOCKBUS_SEED", 20240229);
    uint64_t cases = number_of("STOCKBUS_CASES", CASES);
    uint64_t dealt = 0;

    (void)state;
    printf("STOCKBUS_SEED=%" PRIu64 " STOCKBUS_CASES=%" PRIu64 "\n", seed, cases);
    for (uint64_t i = 0; i < cases; i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        SCOPED(buf) struct buf why = {0};
        const struct event *events[CASE_EVENTS_MAX];
        size_t len = make_case(seed + i, arena, events);

        dealt += len;
        if (!events_end_equal(events, len, seed + i, &why)) {
            print_failure(events, len, seed + i);
            fail_msg("case %" PRIu64 " of seed %" PRIu64 ": order matters", i, seed);
        }
        if ((i + 1) % PROGRESS_CASES == 0 || i + 1 == cases)
            print_progress(i + 1, dealt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_split_and_duplication_ends_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
