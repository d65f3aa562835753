#include "tools/stockctl/proof.h"

#include <string.h>

#include "lib/event/breach.h"
#include "lib/event/codec.h"
#include "lib/event/taking.h"
#include "lib/stock/decision.h"

#include "tools/stockctl/proof_reach.h"

/* A round takes at least so many events, or an eighth of the rows that are loaded for it, so that
   loading costs little of it; and bodies of so many bytes at most, but for its last batch. */
enum { PROOF_ROUND = 4096, PROOF_ROUND_ROWS = 8, PROOF_ROUND_BYTES = 16 << 20 };

struct stockctl_proof {
    struct arena *arena;   /* of the round */
    struct arena *scratch; /* of one question */
    struct proof_tables tables;
    struct stockctl_known *known;
    struct stockctl_history *history;
    struct proof_reach reach;
    struct stock *stock;
    size_t round; /* events, at least */
    size_t round_end;
    size_t round_events;
    size_t round_bytes;
    size_t first; /* movement of the last record */
    const struct event *event;
    unsigned char hash[EVENT_HASH_LEN];
    /* of the batch, in the round's arena */
    const char **ids;
    size_t ids_len;
    size_t ids_capacity;
    struct proof_conflict *conflicts[2]; /* of ids that the batch has before; the others */
    size_t conflicts_len[2];
    size_t conflicts_capacity[2];
    struct event_pool *pools; /* of the round: their titles */
    const char **pool_ids;
    size_t pools_len;
    size_t pools_capacity[2];
};

/* ---- rounds ---- */

static void proof_begin_round(struct stockctl_proof *proof)
{
    struct map *skus = proof->reach.skus;

    arena_reset(proof->arena);
    map_clear(skus);
    stockctl_history_begin(proof->history);
    proof->stock = stock_new(proof->arena);
    size_t loaded = stockctl_proof_tables_load(&proof->tables, proof->arena, proof->stock);
    proof->reach = (struct proof_reach){
        .tables = &proof->tables,
        .known = proof->known,
        .history = proof->history,
        .line_of = proof->reach.line_of,
        .opaque = proof->reach.opaque,
        .arena = proof->arena,
        .stock = proof->stock,
        .skus = skus,
    };
    proof->round_end =
        proof->round > loaded / PROOF_ROUND_ROWS ? proof->round : loaded / PROOF_ROUND_ROWS;
    proof->round_events = 0;
    proof->round_bytes = 0;
    proof->first = 0;
    proof->pools = NULL;
    proof->pool_ids = NULL;
    proof->pools_len = 0;
    memset(proof->pools_capacity, 0, sizeof(proof->pools_capacity));
}

static void proof_begin_batch(struct stockctl_proof *proof)
{
    proof->first = 0;
    proof->event = NULL;
    proof->ids = NULL;
    proof->ids_len = 0;
    proof->ids_capacity = 0;
    for (int i = 0; i < 2; i++) {
        proof->conflicts[i] = NULL;
        proof->conflicts_len[i] = 0;
        proof->conflicts_capacity[i] = 0;
    }
}

struct stockctl_proof *stockctl_proof_new(size_t round, stockctl_proof_line_fn *line_of,
                                          void *opaque)
{
    struct stockctl_proof *proof = mem_calloc(1, sizeof(*proof));

    proof->arena = arena_new();
    proof->scratch = arena_new();
    stockctl_proof_tables_init(&proof->tables);
    proof->known = stockctl_known_new();
    proof->history = stockctl_history_new(proof->tables.names);
    proof->round = round > 0 ? round : PROOF_ROUND;
    proof->reach.line_of = line_of;
    proof->reach.opaque = opaque;
    proof->reach.skus = map_new();
    proof_begin_round(proof);
    proof_begin_batch(proof);
    return proof;
}

void stockctl_proof_free(struct stockctl_proof *proof)
{
    if (proof == NULL)
        return;
    stockctl_history_free(proof->history);
    stockctl_proof_tables_release(&proof->tables);
    stockctl_known_free(proof->known);
    map_free(proof->reach.skus);
    arena_free(proof->arena);
    arena_free(proof->scratch);
    mem_free(proof);
}

/* As the ledger does it: those of ids that came twice in one batch first, and of equal ones the
   first is kept. */
static void proof_save_conflicts(struct stockctl_proof *proof)
{
    struct stockctl_rows *rows = proof->tables.rows[PROOF_CONFLICTS];

    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < proof->conflicts_len[i]; k++) {
            if (stockctl_rows_find(rows, &proof->conflicts[i][k]) == NULL)
                stockctl_rows_put(rows, &proof->conflicts[i][k]);
        }
    }
}

static const char *proof_title_of(void *opaque, const char *event_id)
{
    const struct stockctl_proof *proof = opaque;

    for (size_t i = 0; i < proof->pools_len; i++) {
        if (strcmp(proof->pool_ids[i], event_id) == 0)
            return proof->pools[i].title;
    }
    const struct event *event = stockctl_proof_parked(&proof->tables, proof->arena, event_id);
    return event == NULL || event->kind != EVENT_POOL_CHANGED ? "" : event->pool.title;
}

static void proof_tell(struct stockctl_proof *proof, struct stockctl_known_event *event,
                       enum stock_verdict verdict, const char *reason)
{
    event->verdict = (uint8_t)verdict;
    event->reason = stockctl_names_number(proof->tables.names, reason);
}

static void proof_save_statuses(struct stockctl_proof *proof)
{
    const struct stock_status *statuses = NULL;
    size_t count = stock_changed_statuses(proof->stock, &statuses);

    for (size_t i = 0; i < count; i++) {
        struct stockctl_known_event *event = stockctl_known_get(proof->known, statuses[i].event_id);

        if (event != NULL)
            proof_tell(proof, event, statuses[i].verdict, statuses[i].reason);
    }
}

static void proof_end_round(struct stockctl_proof *proof)
{
    stock_settle(proof->stock);
    proof_save_statuses(proof);
    stockctl_proof_tables_save(&proof->tables, proof->arena, proof->stock, proof_title_of, proof);
}

void stockctl_proof_next_batch(struct stockctl_proof *proof)
{
    proof_save_conflicts(proof);
    if (proof->round_events < proof->round_end && proof->round_bytes < PROOF_ROUND_BYTES) {
        stock_next_batch(proof->stock);
    } else {
        proof_end_round(proof);
        proof_begin_round(proof);
    }
    proof_begin_batch(proof);
}

void stockctl_proof_end(struct stockctl_proof *proof)
{
    proof_save_conflicts(proof);
    proof_end_round(proof);
    arena_reset(proof->arena);
    proof->stock = stock_new(proof->arena);
    proof_begin_batch(proof);
}

/* ---- records ---- */

static bool proof_has_id(const struct stockctl_proof *proof, const char *id)
{
    for (size_t i = 0; i < proof->ids_len; i++) {
        if (strcmp(proof->ids[i], id) == 0)
            return true;
    }
    return false;
}

static const char *proof_hex(struct stockctl_proof *proof, const void *bytes, size_t len)
{
    SCOPED(buf) struct buf hex = {0};

    buf_hex(&hex, bytes, len);
    return arena_strdup(proof->arena, buf_str(&hex));
}

static void proof_keep_conflict(struct stockctl_proof *proof, const struct event *event,
                                const struct stockctl_proof_record *record)
{
    int which = proof_has_id(proof, event->id) ? 0 : 1;
    const struct proof_conflict row = {event->id,
                                       proof_hex(proof, proof->hash, sizeof(proof->hash)),
                                       record->partition, record->offset};

    proof->conflicts[which] =
        arena_grow(proof->arena, proof->conflicts[which], proof->conflicts_len[which],
                   &proof->conflicts_capacity[which], sizeof(row));
    proof->conflicts[which][proof->conflicts_len[which]++] = row;
}

/* The raw notification stays on the topic. */
static const char *proof_body(struct stockctl_proof *proof, const struct event *event)
{
    SCOPED(buf) struct buf body = {0};
    struct event slim = *event;

    slim.raw.body_len = 0;
    event_encode(&slim, &body);
    return proof_hex(proof, body.bytes, body.len);
}

/* What operators decide, and what they decide about. */
static void proof_keep(struct stockctl_proof *proof, const struct event *event, const char *reason)
{
    struct event_breach breach;
    struct err why = {0};
    bool is_sound = event_check_rules(event, &breach, &why);

    if (is_sound && event->kind == EVENT_DECIDED) {
        const struct event_decided *decided = &event->decided;
        const struct proof_decision row = {
            decided->event_id, event->id,
            decided->number,   event_decision_name(decided->decision),
            decided->note,     proof_body(proof, event)};

        stockctl_rows_put(proof->tables.rows[PROOF_DECISIONS], &row);
    }
    if (!is_sound || strcmp(reason, EVENT_OVERFLOW) == 0) {
        const struct proof_parked row = {event->id, is_sound ? "" : why.text,
                                         proof_body(proof, event)};

        stockctl_rows_put(proof->tables.rows[PROOF_PARKED_BODIES], &row);
    }
    if (event->kind != EVENT_POOL_CHANGED)
        return;
    proof->pools = arena_grow(proof->arena, proof->pools, proof->pools_len,
                              &proof->pools_capacity[0], sizeof(*proof->pools));
    proof->pool_ids = arena_grow(proof->arena, proof->pool_ids, proof->pools_len,
                                 &proof->pools_capacity[1], sizeof(*proof->pool_ids));
    proof->pools[proof->pools_len] = event->pool;
    proof->pool_ids[proof->pools_len++] = event->id;
}

static void proof_remember(struct stockctl_proof *proof)
{
    const struct stock_movement *const *movements = NULL;
    size_t count = stockctl_proof_movements(proof, &movements);

    for (size_t i = 0; i < count; i++)
        stockctl_history_add(proof->history, movements[i]);
}

static enum stockctl_proof_taking proof_fold(struct stockctl_proof *proof,
                                             const struct event *event, struct err *err)
{
    const char *reason = "";

    if (!stockctl_proof_reach(&proof->reach, event, err))
        return PROOF_FAILED;
    struct stockctl_known_event *known = stockctl_known_add(proof->known, event->id);
    memcpy(known->hash, proof->hash, sizeof(known->hash));
    known->kind = (uint8_t)event->kind;
    enum stock_verdict verdict = stock_apply(proof->stock, event, &reason);
    proof_tell(proof, known, verdict, reason == NULL ? "" : reason);
    proof_keep(proof, event, reason == NULL ? "" : reason);
    proof_remember(proof);
    proof->event = event;
    proof->round_events++;
    return PROOF_FOLDED;
}

enum stockctl_proof_taking stockctl_proof_take(struct stockctl_proof *proof,
                                               const struct stockctl_proof_record *record,
                                               struct err *err)
{
    const struct stock_movement *const *ignored = NULL;
    struct event *event = arena_alloc(proof->arena, sizeof(*event));
    enum stockctl_proof_taking taking = PROOF_CONFLICT;

    proof->first = stock_new_movements(proof->stock, &ignored);
    proof->round_bytes += record->len;
    if (!event_take(proof->arena, record->body, record->len, event, proof->hash, err))
        return PROOF_POISON;
    const struct stockctl_known_event *known = stockctl_known_get(proof->known, event->id);
    if (known == NULL)
        taking = proof_fold(proof, event, err);
    else if (memcmp(known->hash, proof->hash, sizeof(known->hash)) == 0)
        taking = PROOF_REPEATED;
    else
        proof_keep_conflict(proof, event, record);
    proof->ids = arena_grow(proof->arena, proof->ids, proof->ids_len, &proof->ids_capacity,
                            sizeof(*proof->ids));
    proof->ids[proof->ids_len++] = event->id;
    return taking;
}

const struct event *stockctl_proof_event(const struct stockctl_proof *proof,
                                         const unsigned char **ret_hash)
{
    *ret_hash = proof->hash;
    return proof->event;
}

size_t stockctl_proof_movements(const struct stockctl_proof *proof,
                                const struct stock_movement *const **ret_movements)
{
    size_t len = stock_new_movements(proof->stock, ret_movements);

    if (len == proof->first)
        return 0;
    *ret_movements += proof->first;
    return len - proof->first;
}

/* ---- what there must be ---- */

struct stockctl_rows *stockctl_proof_rows(const struct stockctl_proof *proof,
                                          enum stockctl_proof_table table)
{
    return proof->tables.rows[table];
}

/* Its status follows what its line waits for (restate_line_events.sql of the ledger). */
static bool status_follows(const struct stockctl_known_event *event, const char *reason)
{
    static const char *const reasons[] = {"no-mapping", "not-reported", "retired"};

    if (!stock_decision_is_of_line(event->kind))
        return false;
    if (event->verdict == STOCK_APPLIED)
        return true;
    if (event->verdict == STOCK_NOTED)
        return strcmp(reason, "dropped") == 0;
    for (size_t i = 0; event->verdict == STOCK_PARKED && i < ARRAY_LEN(reasons); i++) {
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    }
    return false;
}

bool stockctl_proof_status(const struct stockctl_proof *proof, const char *event_id,
                           const struct stock_line *line, struct stockctl_proof_status *ret_status)
{
    const struct stockctl_known_event *event = stockctl_known_get(proof->known, event_id);
    struct stockctl_rows *lines = proof->tables.rows[PROOF_LINES];
    struct stock_line kept = {0};

    if (event == NULL)
        return false;
    const char *reason = stockctl_names_text(proof->tables.names, event->reason);
    *ret_status = (struct stockctl_proof_status){stock_verdict_name(event->verdict), reason};
    const struct stockctl_row *row =
        status_follows(event, reason) ? stockctl_rows_find(lines, line) : NULL;
    if (row == NULL)
        return true;
    arena_reset(proof->scratch);
    stockctl_rows_read(lines, row, proof->scratch, &kept);
    ret_status->status = *kept.waiting == '\0'                  ? "applied"
                         : strcmp(kept.waiting, "dropped") == 0 ? "noted"
                                                                : "parked";
    ret_status->reason = kept.waiting;
    return true;
}
