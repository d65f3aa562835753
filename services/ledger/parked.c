#include "services/ledger/parked.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/event/amend.h"
#include "lib/event/breach.h"
#include "lib/event/codec.h"
#include "lib/stock/decision.h"

#include "services/ledger/keys.h"
#include "services/ledger/rows.h"

#include "sql.h"

/* ---- keeping ---- */

struct parked_row {
    const char *event_id;
    const char *detail;
    const char *body; /* hex */
};

#define ROW     struct parked_row
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
#define INT(f)  LEDGER_ROWS_INT_OF(ROW, f)
static const struct ledger_rows_column parked_columns[] = {
    TEXT(event_id), TEXT(detail), TEXT(body), {0}};
#undef ROW

/* The raw notification stays where it is, on the topic: it may be large. */
static const char *parked_body(struct arena *arena, const struct event *event)
{
    SCOPED(buf) struct buf body = {0};
    SCOPED(buf) struct buf hex = {0};
    struct event slim = *event;

    slim.raw.body_len = 0;
    event_encode(&slim, &body);
    buf_hex(&hex, body.bytes, body.len);
    return arena_strdup(arena, buf_str(&hex));
}

/* What is wrong with it; "" when nothing but its effect is. */
static const char *parked_detail(struct arena *arena, const struct event *event)
{
    struct event_breach breach;
    struct err why = {0};

    return event_check_rules(event, &breach, &why) ? "" : arena_strdup(arena, why.text);
}

bool ledger_parked_keep(struct pg *pg, struct arena *arena, const struct event *const *events,
                        size_t count, struct err *err)
{
    const struct parked_row **rows = arena_alloc(arena, count * sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        const struct parked_row row = {events[i]->id, parked_detail(arena, events[i]),
                                       parked_body(arena, events[i])};

        rows[i] = arena_memdup(arena, &row, sizeof(row));
    }
    return ledger_rows_run(pg, arena, sql_ledger_insert_parked_bodies, (const void *const *)rows,
                           count, parked_columns, NULL, err);
}

struct decision_row {
    const char *decision_id;
    const char *event_id;
    int64_t number;
    const char *decision;
    const char *note;
    const char *body; /* hex */
};

#define ROW struct decision_row
static const struct ledger_rows_column decision_columns[] = {
    TEXT(decision_id), TEXT(event_id), INT(number), TEXT(decision), TEXT(note), TEXT(body), {0}};
#undef ROW

bool ledger_parked_decided(struct pg *pg, struct arena *arena, const struct event *const *decisions,
                           size_t count, struct err *err)
{
    const struct decision_row **rows = arena_alloc(arena, count * sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        const struct event_decided *decided = &decisions[i]->decided;
        const struct decision_row row = {
            decisions[i]->id, decided->event_id, decided->number,
            event_decision_name(decided->decision), decided->note,
            parked_body(arena, decisions[i])};

        rows[i] = arena_memdup(arena, &row, sizeof(row));
    }
    return ledger_rows_run(pg, arena, sql_ledger_insert_decisions, (const void *const *)rows, count,
                           decision_columns, NULL, err);
}

/* ---- loading ---- */

struct parked_loader {
    struct pg *pg;
    struct arena *arena;
    struct stock *stock;
    struct ledger_keys named;   /* events that the batch has or decides about */
    struct ledger_keys decided; /* the latter */
    struct map *known;          /* id -> struct event *: bodies, those of the batch too */
    struct ledger_parked parked;
    size_t known_capacity;
    size_t touched_capacity;
    const struct event **fixes;
    size_t fixes_len;
    size_t fixes_capacity;
};

static void loader_touch(struct parked_loader *loader, const struct event *event)
{
    struct ledger_parked *parked = &loader->parked;

    parked->touched = arena_grow(loader->arena, parked->touched, parked->touched_len,
                                 &loader->touched_capacity, sizeof(*parked->touched));
    parked->touched[parked->touched_len++] = event;
}

/* A decision, new or known. */
static void loader_hear(struct parked_loader *loader, const struct event *decision)
{
    if (decision->decided.decision != EVENT_FIX)
        return;
    loader->fixes = arena_grow(loader->arena, loader->fixes, loader->fixes_len,
                               &loader->fixes_capacity, sizeof(*loader->fixes));
    loader->fixes[loader->fixes_len++] = decision;
}

static void loader_add_event(struct parked_loader *loader, const struct event *event)
{
    struct event_breach breach;
    struct err ignored;
    bool is_sound = event_check_rules(event, &breach, &ignored);

    ledger_keys_add(&loader->named, event->id, "", "");
    if (is_sound && event->kind == EVENT_DECIDED) {
        ledger_keys_add(&loader->named, event->decided.event_id, "", "");
        ledger_keys_add(&loader->decided, event->decided.event_id, "", "");
        loader_hear(loader, event);
    }
    if (is_sound)
        return;
    map_set(loader->known, event->id, (void *)(uintptr_t)event);
    if (breach.is_waivable)
        loader_touch(loader, event);
}

static struct event *loader_decode(struct parked_loader *loader, const struct pg_rows *rows,
                                   size_t row, struct err *err)
{
    struct event *event = arena_alloc(loader->arena, sizeof(*event));
    size_t len = 0;
    const void *body = pg_rows_bytes(rows, row, "body", &len);

    if (event_decode(loader->arena, body, len, event, err))
        return event;
    err->code = ERR_FATAL; /* we wrote it */
    return NULL;
}

static bool loader_load_decisions(struct parked_loader *loader, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(&loader->named, params, 1);
    if (!pg_run(loader->pg, sql_ledger_select_decisions, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct event *decision = loader_decode(loader, rows, row, err);

        if (decision == NULL)
            return false;
        stock_load_decision(loader->stock, decision);
        loader_hear(loader, decision);
    }
    return true;
}

static void loader_take_sound(struct parked_loader *loader, const struct pg_rows *rows, size_t row)
{
    enum event_kind kind = EVENT_NONE;
    struct event *event = arena_alloc(loader->arena, sizeof(*event));

    if (!event_kind_parse(pg_rows_text(rows, row, "kind"), &kind))
        return;
    event_init(event, kind);
    strcpy(event->id, pg_rows_text(rows, row, "event_id"));
    event->source.channel = arena_strdup(loader->arena, pg_rows_text(rows, row, "channel"));
    const char *order_id = arena_strdup(loader->arena, pg_rows_text(rows, row, "order_id"));
    const char *line_id = arena_strdup(loader->arena, pg_rows_text(rows, row, "line_id"));
    if (kind == EVENT_ORDER_LINE) {
        event->order_line.order_id = order_id;
        event->order_line.line_id = line_id;
    } else if (stock_decision_is_of_line(kind)) {
        event->part.order_id = order_id;
        event->part.line_id = line_id;
    }
    stock_load_sound(loader->stock, event);
    if (stock_decision_is_of_line(kind))
        loader_touch(loader, event);
}

static bool loader_take_decided(struct parked_loader *loader, const struct pg_rows *rows,
                                size_t row, struct err *err)
{
    struct ledger_parked *parked = &loader->parked;
    const struct event *event = NULL;

    if (pg_rows_is_null(rows, row, "body")) {
        loader_take_sound(loader, rows, row);
        return true;
    }
    event = loader_decode(loader, rows, row, err);
    if (event == NULL)
        return false;
    stock_load_decided(loader->stock, event, pg_rows_text(rows, row, "parked_for"));
    map_set(loader->known, event->id, (void *)(uintptr_t)event);
    loader_touch(loader, event);
    parked->known = arena_grow(loader->arena, parked->known, parked->known_len,
                               &loader->known_capacity, sizeof(*parked->known));
    parked->known[parked->known_len++] = event;
    return true;
}

/* Those that are new in this batch are in the database by now, but not known to the fold. */
static bool loader_load_decided(struct parked_loader *loader, const struct map *is_new,
                                struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->decided.len == 0)
        return true;
    ledger_keys_params(&loader->decided, params, 1);
    if (!pg_run(loader->pg, sql_ledger_select_decided, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        if (map_get(is_new, pg_rows_text(rows, row, "event_id")) == NULL &&
            !loader_take_decided(loader, rows, row, err))
            return false;
    }
    return true;
}

/* Which fix is heard, the fold decides; what any of them would touch is loaded. */
static void loader_touch_fixed(struct parked_loader *loader)
{
    for (size_t i = 0; i < loader->fixes_len; i++) {
        const struct event_decided *fix = &loader->fixes[i]->decided;
        const struct event *event = map_get(loader->known, fix->event_id);
        struct event *form = arena_alloc(loader->arena, sizeof(*form));
        struct event_breach breach;
        struct err ignored;

        if (event != NULL &&
            event_amend(loader->arena, event, fix->changes, fix->changes_len, form, &ignored) &&
            event_check_rules(form, &breach, &ignored))
            loader_touch(loader, form);
    }
}

static bool loader_run(struct parked_loader *loader, const struct event *const *events,
                       size_t count, struct err *err)
{
    SCOPED(map) struct map *is_new = map_new();

    for (size_t i = 0; i < count; i++) {
        loader_add_event(loader, events[i]);
        map_set(is_new, events[i]->id, loader);
    }
    if (!loader_load_decisions(loader, err) || !loader_load_decided(loader, is_new, err))
        return false;
    loader_touch_fixed(loader);
    return true;
}

bool ledger_parked_load(struct pg *pg, struct arena *arena, const struct event *const *events,
                        size_t count, struct stock *stock, struct ledger_parked *ret_parked,
                        struct err *err)
{
    SCOPED(map) struct map *known = map_new();
    struct parked_loader loader = {.pg = pg, .arena = arena, .stock = stock, .known = known};

    ledger_keys_init(&loader.named, arena);
    ledger_keys_init(&loader.decided, arena);
    bool ok = count == 0 || loader_run(&loader, events, count, err);
    ledger_keys_release(&loader.named);
    ledger_keys_release(&loader.decided);
    *ret_parked = loader.parked;
    return ok;
}
