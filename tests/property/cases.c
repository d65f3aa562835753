/*
 * Prints cases and where lib/stock ends with each, one JSON line a case, for naive.py to judge:
 * cases SEED COUNT [AT...]. The case of seed S + n is the n-th of permutation_test's; with AT only
 * these of its events are left. The events are dealt out in a random order, in random batches, some
 * of them twice.
 */
#include <stdlib.h>

#include "lib/event/record_json.h"
#include "lib/json/json.h"

#include "tests/property/dealing.h"
#include "tests/property/tracing.h"

static void die(uint64_t seed, const char *why)
{
    fprintf(stderr, "cases: seed %" PRIu64 ": %s\n", seed, why);
    exit(1);
}

/* ---- the case ---- */

static void put_event(struct json_out *out, const struct event *event)
{
    json_object(out);
    json_put_member(out, "event_id", event->id);
    json_put_member(out, "kind", event_kind_name(event->kind));
    /* Mappings, rules and latencies say another channel: theirs. */
    if (!record_knows_key(&record_facts[event->kind], "channel"))
        json_put_member(out, "channel", event->source.channel);
    json_put_member_int(out, "occurred_ms", event->times.occurred_ms);
    json_put_member_int(out, "received_ms", event->times.received_ms);
    json_key(out, "fact");
    json_object(out);
    record_to_json(&record_facts[event->kind], &event->order_line, out);
    json_object_end(out);
    json_object_end(out);
}

static void put_events(struct json_out *out, const struct event *const *events, size_t len)
{
    json_key(out, "events");
    json_array(out);
    for (size_t i = 0; i < len; i++)
        put_event(out, events[i]);
    json_array_end(out);
}

/* ---- the end ---- */

/* The key "a|b" or "a|b|c" of the object that is open. */
static void put_key(struct json_out *out, const char *a, const char *b, const char *c)
{
    SCOPED(buf) struct buf key = {0};

    buf_printf(&key, "%s|%s", a, b);
    if (c != NULL)
        buf_printf(&key, "|%s", c);
    json_key(out, buf_str(&key));
}

static void put_positions(struct json_out *out, const struct store *store)
{
    json_key(out, "positions");
    json_object(out);
    for (size_t i = 0; i < store->positions.len; i++) {
        const struct stock_position *row = &store->positions.rows[i];

        put_key(out, row->sku, row->pool, row->bucket);
        json_put_int(out, row->quantity);
    }
    json_object_end(out);
}

static void put_lines(struct json_out *out, const struct store *store)
{
    json_key(out, "lines");
    json_object(out);
    for (size_t i = 0; i < store->lines.len; i++) {
        const struct stock_line *row = &store->lines.rows[i];

        put_key(out, row->channel, row->order_id, row->line_id);
        json_object(out);
        json_put_member_int(out, "ordered", row->ordered);
        json_put_member_int(out, "cancelled", row->cancelled);
        json_put_member_int(out, "shipped", row->shipped);
        json_put_member_int(out, "returned", row->returned);
        json_put_member(out, "waiting", row->waiting);
        json_put_member(out, "listing", row->listing);
        json_put_member(out, "mapping", row->mapping_id);
        json_object_end(out);
    }
    json_object_end(out);
}

static void put_listings(struct json_out *out, const struct store *store)
{
    json_key(out, "listings");
    json_object(out);
    for (size_t i = 0; i < store->listings.len; i++) {
        const struct stock_listing *row = &store->listings.rows[i];

        put_key(out, row->channel, row->listing, NULL);
        json_object(out);
        json_put_member_int(out, "quantity", row->quantity);
        json_put_member_int(out, "sold_here", row->sold_here);
        json_put_member_int(out, "open_here", row->open_here);
        json_put_member(out, "address", row->address);
        json_put_member(out, "mapping", row->mapping_id);
        json_put_member(out, "rule", row->rule_id);
        json_put_member(out, "tier", row->tier);
        json_put_member_int(out, "priced", row->priced);
        json_put_member(out, "measurement", row->measurement_id);
        json_put_member(out, "latency", row->latency_id);
        json_object_end(out);
    }
    json_object_end(out);
}

static void put_oversells(struct json_out *out, const struct store *store)
{
    json_key(out, "oversells");
    json_object(out);
    for (size_t i = 0; i < store->oversells.len; i++) {
        const struct stock_oversell *row = &store->oversells.rows[i];

        put_key(out, row->sku, row->pool, NULL);
        json_put_int(out, row->available);
    }
    json_object_end(out);
}

static void put_consignments(struct json_out *out, const struct store *store)
{
    json_key(out, "consignments");
    json_object(out);
    for (size_t i = 0; i < store->consignments.len; i++) {
        const struct stock_consignment *row = &store->consignments.rows[i];

        put_key(out, row->kind, row->id, row->sku);
        json_object(out);
        json_put_member(out, "waiting", row->waiting);
        if (*row->waiting == '\0') {
            json_put_member_int(out, "received", row->received);
            json_put_member_int(out, "damaged", row->damaged);
            json_put_member_int(out, "cancelled", row->cancelled);
            json_put_member_int(out, "transit", row->transit);
            json_put_member_int(out, "missing", row->missing);
            json_put_member_int(out, "created_ms", row->created_ms);
            json_put_member_int(out, "arrived_ms", row->arrived_ms);
            json_put_member_int(out, "receiving_ms", row->receiving_ms);
            json_put_member_int(out, "closed_ms", row->closed_ms);
        }
        json_object_end(out);
    }
    json_object_end(out);
}

static void put_taken(struct json_out *out, const struct provenance_end *end)
{
    SCOPED(buf) struct buf name = {0};

    if (end == NULL)
        return json_put_text(out, "");
    buf_printf(&name, "%s %s%s%s%s%s%s at %" PRId64, end->kind, end->id, end->channel,
               *end->order_id == '\0' ? "" : "/", end->order_id,
               *end->line_id == '\0' ? "" : "/", end->line_id, end->at_ms);
    json_put_text(out, buf_str(&name));
}

static void put_shares(struct json_out *out, const struct provenance *trace)
{
    json_array(out);
    for (size_t i = 0; i < trace->shares_len; i++) {
        json_array(out);
        put_taken(out, trace->shares[i].taker);
        put_taken(out, trace->shares[i].source);
        json_put_int(out, trace->shares[i].units);
        json_array_end(out);
    }
    json_array_end(out);
}

static void put_provenance(struct json_out *out, const struct store *store)
{
    json_key(out, "provenance");
    json_object(out);
    for (size_t i = 0; i < ARRAY_LEN(case_skus); i++) {
        for (size_t k = 0; k < ARRAY_LEN(case_pools); k++) {
            const struct provenance found = trace(store, case_skus[i], case_pools[k]);

            put_key(out, case_skus[i], case_pools[k], NULL);
            json_object(out);
            json_put_member_int(out, "left", found.left);
            json_key(out, "last");
            put_taken(out, found.last);
            json_key(out, "first_short");
            put_taken(out, found.first_short);
            json_key(out, "shares");
            put_shares(out, &found);
            json_object_end(out);
        }
    }
    json_object_end(out);
}

static void put_statuses(struct json_out *out, const struct store *store)
{
    json_key(out, "statuses");
    json_object(out);
    for (size_t i = 0; i < store->statuses.len; i++) {
        const struct stock_status *row = &store->statuses.rows[i];
        SCOPED(buf) struct buf text = {0};

        put_status(row, status_is_decision(store, row), &text);
        json_put_member(out, row->event_id, buf_str(&text));
    }
    json_object_end(out);
}

static void put_end(struct json_out *out, const struct store *store)
{
    json_key(out, "end");
    json_object(out);
    put_positions(out, store);
    put_lines(out, store);
    put_listings(out, store);
    put_consignments(out, store);
    put_oversells(out, store);
    put_provenance(out, store);
    put_statuses(out, store);
    json_object_end(out);
}

/* ---- one after the other ---- */

static void deal_out(struct store *store, const struct event *const *events, size_t len,
                     uint64_t seed)
{
    SCOPED(buf) struct buf why = {0};
    struct random random = random_from(~seed); /* another row than the one that made the events */
    struct trial trial = {.len = len, .is_split = true, .is_touched_only = chance(&random, 50)};

    memcpy(trial.events, events, len * sizeof(*events));
    duplicate(&random, &trial);
    shuffle(&random, &trial);
    if (!fold(&random, store, &trial, &why))
        die(seed, buf_str(&why));
}

/* Leaves the events with these numbers, in their order. */
static size_t only(const struct event *events[CASE_EVENTS_MAX], size_t len, char *const *numbers,
                   size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        for (size_t k = 0; k < count; k++) {
            if (strtoull(numbers[k], NULL, 10) == i) {
                events[kept++] = events[i];
                break;
            }
        }
    }
    return kept;
}

static void print_case(uint64_t number, uint64_t seed, char *const *kept, size_t kept_len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf text = {0};
    struct store store = {.arena = arena};
    const struct event *events[CASE_EVENTS_MAX];
    size_t len = make_case(seed, arena, events);
    struct json_out out;

    for (size_t i = 0; i < len; i++) {
        struct err err = {0};

        if (!event_check_form(events[i], &err))
            die(seed, err.text);
    }
    if (kept_len > 0)
        len = only(events, len, kept, kept_len);
    deal_out(&store, events, len, seed);
    json_begin(&out, &text);
    json_object(&out);
    json_put_member_int(&out, "case", (int64_t)number);
    json_put_member_int(&out, "seed", (int64_t)seed);
    put_events(&out, events, len);
    put_end(&out, &store);
    json_object_end(&out);
    puts(buf_str(&text));
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "use: cases SEED COUNT [AT...]\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[1], NULL, 10);
    uint64_t count = strtoull(argv[2], NULL, 10);

    for (uint64_t i = 0; i < count; i++)
        print_case(i, seed + i, argv + 3, (size_t)argc - 3);
    return 0;
}
