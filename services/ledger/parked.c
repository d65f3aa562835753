#include "services/ledger/parked.h"

#include "lib/base/buf.h"
#include "lib/event/breach.h"
#include "lib/event/codec.h"

#include "services/ledger/rows.h"

#include "sql.h"

struct parked_row {
    const char *event_id;
    const char *detail;
    const char *body; /* hex */
};

#define ROW     struct parked_row
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
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
